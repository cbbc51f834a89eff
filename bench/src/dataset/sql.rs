//! The rows of the dataset in SQL, as each database has it.

use super::{
    ADVISORS, ANSWER, BETWEEN, HEAVY, QUESTION, QUICK, SCATTER, START, USERS, USERS_EARLIER,
};

#[derive(Clone, Copy)]
pub(super) enum Sql {
    Postgres,
    Sqlite,
}

impl Sql {
    /// The numbers from `first` to `last`, as `n`.
    fn numbers(self, first: u64, last: u64) -> String {
        match self {
            Self::Postgres => format!("generate_series({first}::bigint, {last}) AS n"),
            Self::Sqlite => format!(
                "(WITH RECURSIVE numbers(n) AS (VALUES({first}) UNION ALL \
                 SELECT n + 1 FROM numbers WHERE n < {last}) SELECT n FROM numbers)"
            ),
        }
    }

    fn id(self, ms: &str, middle: &str, variant: u8, last: &str) -> String {
        match self {
            Self::Postgres => format!(
                "(lpad(to_hex({ms}), 12, '0') || '7' || lpad(to_hex({middle}), 3, '0') \
                 || '{variant}' || lpad(to_hex({last}), 15, '0'))::uuid"
            ),
            Self::Sqlite => {
                format!("unhex(printf('%012x7%03x{variant}%015x', {ms}, {middle}, {last}))")
            }
        }
    }

    fn digits(self, count: u8) -> String {
        match self {
            Self::Postgres => format!("lpad(n::text, {count}, '0')"),
            Self::Sqlite => format!("printf('%0{count}d', n)"),
        }
    }

    fn time(self, seconds: &str) -> String {
        match self {
            Self::Postgres => format!("to_timestamp({seconds})"),
            Self::Sqlite => format!("strftime('%Y-%m-%dT%H:%M:%S+00:00', {seconds}, 'unixepoch')"),
        }
    }

    /// 64 hexadecimal digits, another for every `n` and in no order, as a digest's are.
    fn digest(self) -> String {
        let scattered = format!("n * {SCATTER} % 4294967296");
        match self {
            Self::Postgres => format!("repeat(lpad(to_hex({scattered}), 8, '0'), 8)"),
            Self::Sqlite => {
                format!("replace(hex(zeroblob(8)), '00', printf('%08x', {scattered}))")
            }
        }
    }

    fn user_id(self, n: &str) -> String {
        let ms = format!("{} + {n}", (START - USERS_EARLIER) * 1000);
        self.id(&ms, "0", 8, n)
    }

    /// Of reading `n`; its generation's differs in the variant's digit.
    fn reading_id(self, variant: u8) -> String {
        let ms = format!("({START} + n * {BETWEEN}) * 1000");
        self.id(
            &ms,
            "n % 4096",
            variant,
            &format!("n * {SCATTER} % 4294967296"),
        )
    }

    /// Of reading `n`'s owner.
    fn owner(self) -> String {
        let others = USERS - 1;
        let owner = format!("CASE WHEN n % {HEAVY} = 0 THEN 0 ELSE 1 + n % {others} END");
        self.user_id(&owner)
    }

    pub(super) fn users(self, quick: &str, costly: &str) -> String {
        let digits = self.digits(5);
        let id = self.user_id("n");
        let time = self.time(&format!("{} + n", START - USERS_EARLIER));
        let numbers = self.numbers(0, USERS - 1);
        format!(
            "INSERT INTO users (id, email, email_key, username, username_key, hashed_password, \
             is_active, created_at, updated_at) \
             SELECT {id}, 'user' || {digits} || '@example.com', 'user' || {digits} || '@example.com', \
             'user' || {digits}, 'user' || {digits}, \
             CASE WHEN n < {QUICK} THEN '{quick}' ELSE '{costly}' END, \
             TRUE, {time}, {time} FROM {numbers}"
        )
    }

    /// As if indexed, although no case searches them: the index would be written while others are measured.
    pub(super) fn readings(self, count: u64) -> String {
        let [legba, oshun, shango, yemaya] = ADVISORS;
        let (id, generation_id, owner) = (self.reading_id(8), self.reading_id(9), self.owner());
        let (digits, digest) = (self.digits(7), self.digest());
        let (asked, answered) = self.times();
        let (before, after) = QUESTION;
        let numbers = self.numbers(1, count);
        format!(
            "INSERT INTO readings (id, user_id, advisor, question, cache_key, generation_id, \
             status, response, engine, sources, tokens_used, cost, is_cached, created_at, \
             completed_at, is_indexed) \
             SELECT {id}, {owner}, CASE n / {HEAVY} % 4 WHEN 0 THEN '{legba}' WHEN 1 THEN '{oshun}' \
             WHEN 2 THEN '{shango}' ELSE '{yemaya}' END, '{before}' || {digits} || '{after}', \
             {digest}, {generation_id}, 'COMPLETED', {digits} || '. {ANSWER}', 'EMBEDDED', \
             '{SOURCES}', 0, 0, FALSE, {asked}, {answered}, TRUE FROM {numbers}"
        )
    }

    pub(super) fn generations(self, count: u64) -> String {
        let (id, reading_id, owner) = (self.reading_id(9), self.reading_id(8), self.owner());
        let (asked, answered) = self.times();
        let numbers = self.numbers(1, count);
        let length = "0000000. ".len() + ANSWER.len();
        format!(
            "INSERT INTO generations (id, reading_id, user_id, status, cast_open, epoch, \
             cancel_requested, last_sequence, piece_ends, engine, sources, tokens_used, cost, \
             created_at, completed_at) \
             SELECT {id}, {reading_id}, {owner}, 'COMPLETED', 2, 1, FALSE, 2, '[512,{length}]', \
             'EMBEDDED', '{SOURCES}', 0, 0, {asked}, {answered} FROM {numbers}"
        )
    }

    /// Answers that user 1 has had written anew, 19 for each reading: she asks for the most that
    /// one request may have (`attack::costliest`).
    pub(super) fn earlier_answers(self) -> String {
        let (id, user) = match self {
            Self::Postgres => ("gen_random_uuid()", self.user_id("1")),
            Self::Sqlite => ("randomblob(16)", self.user_id("1")),
        };
        let numbers = self.numbers(1, 19);
        format!(
            "INSERT INTO generations (id, reading_id, user_id, status, cast_open, epoch, \
             cancel_requested, last_sequence, piece_ends, response, engine, sources, tokens_used, \
             cost, created_at, completed_at) \
             SELECT {id}, readings.id, user_id, status, 2, 1, FALSE, 0, '[]', response, engine, \
             sources, 0, 0, created_at, completed_at FROM readings CROSS JOIN {numbers} \
             WHERE user_id = {user}"
        )
    }

    /// When reading `n` was asked for, and when it was answered.
    fn times(self) -> (String, String) {
        let asked = format!("{START} + n * {BETWEEN}");
        (self.time(&asked), self.time(&format!("{asked} + 1")))
    }
}

const SOURCES: &str = r#"[{"title":"The cast of obi","excerpt":"Four lobes are thrown, and how they fall is read."}]"#;
