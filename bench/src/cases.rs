//! The measured requests.

use serde_json::{Value, json};

use crate::{
    dataset::{Dataset, User},
    load::{Load, Request, Right},
    server,
};

const FIRST: &str = "\
    query Readings($first: Int!, $after: String) { readings(first: $first, after: $after) \
    { nodes { id advisor question response status createdAt } \
    pageInfo { hasPreviousPage hasNextPage startCursor endCursor } } }";

const WHOLE: &str = "\
    query Readings($first: Int!) { readings(first: $first) \
    { nodes { id advisor question response status createdAt care engine model tokensUsed cost isEstimated \
    isCached isTruncated completedAt isFavourite note rating } \
    pageInfo { hasPreviousPage hasNextPage startCursor endCursor } } }";

const FILTERED: &str = "\
    query Readings($first: Int!, $filter: ReadingFilter) { readings(first: $first, filter: $filter) \
    { nodes { id advisor question response status createdAt } \
    pageInfo { hasPreviousPage hasNextPage startCursor endCursor } } }";

const BACKWARDS: &str = "\
    query Readings($last: Int!, $before: String) { readings(last: $last, before: $before) \
    { nodes { id advisor question response status createdAt } \
    pageInfo { hasPreviousPage hasNextPage startCursor endCursor } } }";

/// Readings on a page.
const PAGE: u64 = 20;

/// Access tokens of the users.
pub struct Tokens {
    /// One each, of many users.
    pub members: Vec<(User, String)>,
    /// Many of the heavy user's.
    pub heavy: Vec<String>,
}

/// Many users look at their profiles.
pub fn profile(tokens: &Tokens) -> Load {
    let body = json!({
        "query": "query Profile { profile { id email username isActive createdAt } }",
        "operationName": "Profile",
    });
    let requests = tokens.members.iter().map(|(_, token)| Request {
        token: token.clone(),
        body: body.clone(),
    });
    let answers = tokens.members.iter().map(|(user, _)| user.profile());
    Load {
        requests: requests.collect(),
        right: Right::These(answers.collect()),
    }
}

/// The heavy user opens the list.
pub fn first(dataset: Dataset, tokens: &Tokens) -> Load {
    let answer = dataset.page(&places(0), false, true);
    pages(tokens, FIRST, |_| {
        (json!({ "first": PAGE }), answer.clone())
    })
}

/// Many users open their lists, with all columns of their readings: those whose answers have one size.
pub fn whole(dataset: Dataset, tokens: &Tokens) -> Load {
    let (mut requests, mut answers) = (Vec::new(), Vec::new());
    let mut size = None;
    for (user, token) in &tokens.members {
        let answer = dataset.first_of(*user, 20);
        // A load is checked by the size of its answers, which the names of advisors change.
        let length = answer.to_string().len();
        if *size.get_or_insert(length) != length {
            continue;
        }
        requests.push(Request {
            token: token.clone(),
            body: json!({
                "query": WHOLE,
                "operationName": "Readings",
                "variables": { "first": PAGE },
            }),
        });
        answers.push(answer);
    }
    Load {
        requests,
        right: Right::These(answers),
    }
}

/// The heavy user is three quarters through the list.
pub fn deep(dataset: Dataset, tokens: &Tokens) -> Load {
    deep_pages(dataset, tokens, |_| 0)
}

/// The same, each session elsewhere.
pub fn strewn(dataset: Dataset, tokens: &Tokens) -> Load {
    deep_pages(dataset, tokens, |session| session)
}

fn deep_pages(dataset: Dataset, tokens: &Tokens, page_of: impl Fn(u64) -> u64) -> Load {
    pages(tokens, FIRST, |session| {
        let at = deep_place(dataset, page_of(session));
        (
            json!({ "first": PAGE, "after": dataset.cursor(at - 1) }),
            dataset.page(&places(at), true, true),
        )
    })
}

/// The heavy user opens the list of one advisor's readings.
pub fn filtered(dataset: Dataset, tokens: &Tokens) -> Load {
    let places = dataset.of_advisor("OSHUN", 20);
    let answer = dataset.page(&places, false, true);
    pages(tokens, FILTERED, |_| {
        let variables = json!({ "first": PAGE, "filter": { "advisor": "OSHUN" } });
        (variables, answer.clone())
    })
}

/// The heavy user goes back through the list from deep in it.
pub fn backwards(dataset: Dataset, tokens: &Tokens) -> Load {
    pages(tokens, BACKWARDS, |_| {
        let at = deep_place(dataset, 0);
        (
            json!({ "last": PAGE, "before": dataset.cursor(at + PAGE) }),
            dataset.page(&places(at), true, true),
        )
    })
}

fn deep_place(dataset: Dataset, page: u64) -> u64 {
    dataset.heavy() * 3 / 4 + page * PAGE
}

fn places(from: u64) -> Vec<u64> {
    (from..from + PAGE).collect()
}

/// The variables of each session of the heavy user's, and the answer.
fn pages(tokens: &Tokens, query: &str, page: impl Fn(u64) -> (Value, Value)) -> Load {
    let (mut requests, mut answers) = (Vec::new(), Vec::new());
    for (session, token) in (0..).zip(&tokens.heavy) {
        let (variables, answer) = page(session);
        requests.push(Request {
            token: token.clone(),
            body: json!({
                "query": query,
                "operationName": "Readings",
                "variables": variables,
            }),
        });
        answers.push(answer);
    }
    Load {
        requests,
        right: Right::These(answers),
    }
}

/// Many users ask, each time something new, and wait for the answer.
pub fn ask(tokens: &Tokens) -> Load {
    let body = json!({
        "query": "mutation Ask($input: AskAdvisorInput!) \
                  { askAdvisor(input: $input) { reading { id status response } } }",
        "operationName": "Ask",
        "variables": { "input": {
            "advisor": "LEGBA",
            "question": "Why does the door with the number ######### stay shut?",
        }},
    });
    let requests = tokens.members.iter().map(|(_, token)| Request {
        token: token.clone(),
        body: body.clone(),
    });
    Load {
        requests: requests.collect(),
        right: Right::Containing("\"status\":\"COMPLETED\""),
    }
}

/// Users sign in whose passwords are hashed as the settings have it.
pub fn login(users: impl Iterator<Item = User>) -> Load {
    let requests = users.map(|user| Request {
        token: String::new(),
        body: server::login(user),
    });
    Load {
        requests: requests.collect(),
        right: Right::Containing("\"accessToken\":\"ey"),
    }
}
