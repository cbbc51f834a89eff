//! Signing in.

use sea_orm::{DbErr, Set};

use super::{AccountError, Accounts, Client, SignedIn, name, users};
use crate::{entity::user, request_context};

impl Accounts {
    /// # Errors
    ///
    /// [`AccountError::RateLimited`]; [`AccountError::WrongCredentials`], the same and after the same work for an
    /// unknown email and for a wrong password; [`AccountError::Inactive`] only to who knows the password.
    pub async fn login(
        &self,
        email: &str,
        password: String,
        client: Client<'_>,
    ) -> Result<SignedIn, AccountError> {
        let (from, user_agent) = (client.address, client.user_agent);
        let email_key = name::email_key(email);
        if let Err(refused) = self.rate_limits.password(&email_key, from) {
            // For the log alone.
            let _ = self.find_to_sign_in(email, &email_key).await;
            return Err(refused.into());
        }
        let user = self.find_to_sign_in(email, &email_key).await?;
        let hash = user.as_ref().map(|user| user.hashed_password.clone());
        let matched = self.passwords.verify(&password, hash).await?;
        let (Some(user), Some(matched)) = (&user, matched) else {
            if let Some(user) = user {
                self.failed_sign_ins.record(user.id, user_agent);
            }
            return Err(AccountError::WrongCredentials);
        };
        self.rate_limits.password_was_right(&email_key, from);
        // Only now is there a password to make a hash of as they are made today.
        let hash = &user.hashed_password;
        let renewed = self.passwords.renewed(&password, matched, hash).await;
        // The hash took a while: the account may have been changed in the meantime. From here on it
        // stays as it is: a change of the password comes before, and is seen, or after, and ends
        // the session.
        let tx = self.db.begin().await?;
        let still = users::lock_with_password(&tx, user).await?;
        let user = still.ok_or(AccountError::WrongCredentials)?;
        if !user.is_active {
            return Err(AccountError::Inactive);
        }
        let was_renewed = renewed.is_some();
        if let Some(renewed) = renewed {
            let change = user::ActiveModel {
                hashed_password: Set(renewed),
                ..Default::default()
            };
            users::update(&tx, user.id, change).await?;
        }
        self.notify_new_device(&tx, &user, user_agent).await?;
        let crowded_out = self.sessions.make_room(&tx, user.id).await?;
        let (session, signed) = self.sessions.open(&tx, user.id, user_agent).await?;
        let committed = tx.commit().await;
        if was_renewed {
            self.sessions.forget_user(user.id);
        }
        let is_crowded_out = |session_id, _| crowded_out.contains(&session_id);
        self.sessions.changed(committed, is_crowded_out)?;
        self.outbox.wake();
        request_context::record_user(user.id);
        Ok(SignedIn {
            user,
            session,
            signed,
        })
    }

    async fn find_to_sign_in(
        &self,
        email: &str,
        email_key: &str,
    ) -> Result<Option<user::Model>, DbErr> {
        // Nobody signs in as a guest; no account has an address with the character, which PostgreSQL
        // refuses.
        if name::is_guests(email_key) || email_key.contains('\0') {
            return Ok(None);
        }
        let user = users::find_by_email(self.db.reads(), email).await?;
        if let Some(user) = &user {
            request_context::record_account(user.id);
        }
        Ok(user)
    }
}

#[cfg(test)]
mod tests {
    use std::{net::Ipv4Addr, sync::atomic::Ordering};

    use sea_orm::{EntityTrait, sea_query::Expr};

    use super::{AccountError, Accounts, Client, user};
    use crate::{
        account::{
            Downloads, FailedSignIns, Outbox, RateLimits, Sessions, guests::Guests,
            password::Hasher,
        },
        clock::Clock,
        config::{ClientSettings, DatabaseSettings, Rate, Secrets},
        db::Database,
    };

    const CLIENT: Client<'static> = Client {
        address: std::net::IpAddr::V4(Ipv4Addr::LOCALHOST),
        user_agent: None,
        accept_language: None,
    };
    const RIGHT: &str = "river and thunder";

    /// At bcrypt's cost 6, with two accounts of which bea's is inactive, and carl's hash is from
    /// a time of cost 4.
    async fn accounts(dir: &tempfile::TempDir, login: Option<Rate>) -> Accounts {
        let clock = Clock::default();
        let db = Database::connect(&DatabaseSettings {
            url: format!("sqlite://{}", dir.path().join("mula.db").display()),
            read_url: None,
            pool_size: 2,
            acquire_timeout: std::time::Duration::from_mins(1),
            wait: std::time::Duration::ZERO,
            ping: false,
            echo: false,
        })
        .await
        .unwrap();
        db.migrate_up().await.unwrap();
        let clients = ClientSettings {
            trusted_proxies: Vec::new(),
            login,
            register: None,
            ask: None,
        };
        let secrets = Secrets {
            current: "a secret of thirty-two bytes at least".to_owned(),
            previous: None,
        };
        let times = crate::config::SessionTimes {
            token: chrono::TimeDelta::minutes(1),
            idle: chrono::TimeDelta::minutes(1),
            max: chrono::TimeDelta::minutes(1),
        };
        let guests = crate::config::GuestSettings {
            are_allowed: false,
            lifetime: chrono::TimeDelta::days(30),
        };
        let accounts = Accounts {
            passwords: Hasher::start(6).unwrap(),
            rate_limits: RateLimits::new(&clients, &clock).into(),
            sessions: Sessions::new(db.clone(), clock.clone(), &secrets, times),
            failed_sign_ins: FailedSignIns::new(db.clone(), clock.clone()),
            downloads: Downloads::new(db.clone(), clock.clone()),
            outbox: Outbox::new(None, db.clone(), clock.clone()).unwrap(),
            requires_verified_email: false,
            guests: Guests::new(guests, &secrets),
            db,
            clock,
        };
        register(&accounts).await;
        accounts
    }

    async fn register(accounts: &Accounts) {
        for (email, name) in [
            ("ada@example.com", "ada"),
            ("bea@example.com", "bea"),
            ("carl@example.com", "carl"),
        ] {
            let password = RIGHT.to_owned();
            accounts
                .register(email, name, password, CLIENT)
                .await
                .unwrap();
        }
        let set = |name: &'static str, column, value: Expr| {
            use sea_orm::{ColumnTrait, QueryFilter};
            user::Entity::update_many()
                .col_expr(column, value)
                .filter(user::Column::Username.eq(name))
                .exec(accounts.db.writes())
        };
        set("bea", user::Column::IsActive, Expr::value(false))
            .await
            .unwrap();
        let old = bcrypt::hash(RIGHT, 4).unwrap();
        set("carl", user::Column::HashedPassword, Expr::value(old))
            .await
            .unwrap();
    }

    /// How a sign-in goes, and the rounds of bcrypt it takes.
    async fn try_with(
        accounts: &Accounts,
        email: &str,
        password: &str,
    ) -> (Result<(), AccountError>, u64) {
        let spent = || accounts.passwords.spent.load(Ordering::Relaxed);
        let before = spent();
        let answer = accounts.login(email, password.to_owned(), CLIENT).await;
        (answer.map(|_| ()), spent() - before)
    }

    #[tokio::test]
    async fn every_failure_takes_the_same_work() {
        let dir = tempfile::tempdir().unwrap();
        let accounts = accounts(&dir, None).await;
        let long = "x".repeat(500);
        for (email, password) in [
            ("ada@example.com", "wrong"),
            ("ada@example.com", ""),
            ("ada@example.com", &long),
            ("ada@example.com", "\0"),
            ("nobody@example.com", RIGHT),
            ("nobody@example.com", &long),
            ("", ""),
            ("bea@example.com", "wrong"),
            ("carl@example.com", "wrong"),
        ] {
            let (answer, rounds) = try_with(&accounts, email, password).await;
            assert!(
                matches!(answer, Err(AccountError::WrongCredentials)),
                "{email} {answer:?}"
            );
            assert_eq!(rounds, 1 << 6, "{email} {password:?}");
        }
        // As it was sent, and in its normal form.
        let longer = "e\u{301}".repeat(40);
        for email in [
            "ada@example.com",
            "nobody@example.com",
            "bea@example.com",
            "carl@example.com",
        ] {
            for password in ["re\u{301}sume\u{301}", "river\u{a0}", &longer, "e\u{301}\0"] {
                let (answer, rounds) = try_with(&accounts, email, password).await;
                assert!(
                    matches!(answer, Err(AccountError::WrongCredentials)),
                    "{email} {answer:?}"
                );
                assert_eq!(rounds, 2 << 6, "{email} {password:?}");
            }
        }
        let (answer, rounds) = try_with(&accounts, "bea@example.com", RIGHT).await;
        assert!(matches!(answer, Err(AccountError::Inactive)));
        assert_eq!(rounds, 1 << 6);
        let (answer, rounds) = try_with(&accounts, "ada@example.com", RIGHT).await;
        assert!(answer.is_ok());
        assert_eq!(rounds, 1 << 6);
    }

    #[tokio::test]
    async fn what_is_refused_for_its_rate_takes_none() {
        let dir = tempfile::tempdir().unwrap();
        let rate = Rate {
            count: 1.try_into().unwrap(),
            per: std::time::Duration::from_hours(1),
        };
        let accounts = accounts(&dir, Some(rate)).await;
        try_with(&accounts, "ada@example.com", "wrong")
            .await
            .0
            .unwrap_err();

        for password in ["wrong", RIGHT] {
            let (answer, rounds) = try_with(&accounts, "ada@example.com", password).await;
            assert!(matches!(answer, Err(AccountError::RateLimited(_))));
            assert_eq!(rounds, 0);
        }
    }
}
