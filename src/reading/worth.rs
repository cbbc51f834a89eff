//! The worth of answers, as their users rate it: for the operator.

use std::collections::BTreeMap;

use sea_orm::{
    ActiveEnum, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, ExprTrait, FromQueryResult,
    JoinType, QueryFilter, QueryOrder, QuerySelect, RelationTrait,
    sea_query::{Expr, SimpleExpr},
};
use uuid::Uuid;

use crate::entity::{
    Sources, generation,
    reading::{self, Advisor, Engine, Rating},
};

/// Rated answers that are read at a time.
const PAGE: u64 = 500;

/// Answers of one advisor, engine, model and version of the prompt.
#[derive(Clone, Debug, FromQueryResult)]
pub struct Worth {
    pub advisor: Advisor,
    pub engine: Engine,
    pub model: Option<String>,
    pub prompt_version: Option<String>,
    pub answers: i64,
    pub helpful: i64,
    pub not_helpful: i64,
    pub tokens: i64,
    /// Nano-dollars.
    pub cost: i64,
}

/// A source of rated answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    pub helpful: u64,
    pub not_helpful: u64,
}

/// All answers that have ended, or those of one user.
///
/// # Errors
///
/// If the database fails.
pub async fn worth(db: &impl ConnectionTrait, user: Option<Uuid>) -> Result<Vec<Worth>, DbErr> {
    let rated = |rating: Rating| {
        let case = Expr::case(generation::Column::Rating.eq(rating), 1).finally(0);
        whole(SimpleExpr::Case(Box::new(case)).sum())
    };
    let by = [
        generation::Column::Engine,
        generation::Column::Model,
        generation::Column::PromptVersion,
    ];
    let mut query = generation::Entity::find()
        .join(JoinType::InnerJoin, generation::Relation::Reading.def())
        .filter(generation::Column::CompletedAt.is_not_null())
        .select_only()
        .column(reading::Column::Advisor)
        .columns(by)
        .expr_as(whole(generation::Column::Id.count()), "answers")
        .expr_as(rated(Rating::Helpful), "helpful")
        .expr_as(rated(Rating::NotHelpful), "not_helpful")
        .expr_as(whole(generation::Column::TokensUsed.sum()), "tokens")
        .expr_as(whole(generation::Column::Cost.sum()), "cost")
        .group_by(reading::Column::Advisor)
        .order_by_asc(reading::Column::Advisor);
    if let Some(user) = user {
        query = query.filter(generation::Column::UserId.eq(user));
    }
    for column in by {
        query = query.group_by(column).order_by_asc(column);
    }
    query.into_model().all(db).await
}

/// As wide as a column again, which a sum is not on PostgreSQL.
fn whole(sum: SimpleExpr) -> SimpleExpr {
    sum.cast_as("bigint")
}

/// The titles of the sources of rated answers, by advisor.
///
/// # Errors
///
/// If the database fails.
pub async fn told(db: &impl ConnectionTrait) -> Result<BTreeMap<(String, String), Told>, DbErr> {
    let mut told: BTreeMap<_, Told> = BTreeMap::new();
    let mut after = Uuid::nil();
    loop {
        let page: Vec<(Uuid, Advisor, Sources, Rating)> = generation::Entity::find()
            .join(JoinType::InnerJoin, generation::Relation::Reading.def())
            .filter(generation::Column::Rating.is_not_null())
            .filter(generation::Column::Engine.ne(Engine::Care))
            .filter(generation::Column::Id.gt(after))
            .order_by_asc(generation::Column::Id)
            .limit(PAGE)
            .select_only()
            .column(generation::Column::Id)
            .column(reading::Column::Advisor)
            .columns([generation::Column::Sources, generation::Column::Rating])
            .into_tuple()
            .all(db)
            .await?;
        let Some((last, ..)) = page.last() else {
            return Ok(told);
        };
        after = *last;
        for (_, advisor, sources, rating) in page {
            for source in sources.0 {
                let told = told.entry((advisor.to_value(), source.title)).or_default();
                match rating {
                    Rating::Helpful => told.helpful += 1,
                    Rating::NotHelpful => told.not_helpful += 1,
                }
            }
        }
    }
}
