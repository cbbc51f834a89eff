//! How a question is to be answered: with a cast or without, how gently, and whom it is for first.
//! Both engines follow it.

use super::{
    crisis::{Crisis, soft},
    topic::{Topic, Topics},
    yes_no::is_yes_no,
};
use crate::entity::reading::Care;

/// Whether a cast is made for a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CastRule {
    /// Yes or no can answer it, and may.
    Made,
    /// Yes or no could answer it, but its topic is not one for a cast.
    Declined,
    /// Yes or no cannot answer it.
    None,
}

/// Always the same for the same question and files.
#[derive(Clone, Copy, Debug)]
pub struct Approach<'a> {
    pub care: Care,
    pub cast: CastRule,
    /// A sentence that says which professional to ask first.
    pub refer: Option<&'a str>,
    /// Whether the answer has no jokes and no pet names.
    pub is_gentle: bool,
    /// Whether it is about joy or making.
    pub is_bright: bool,
}

impl<'a> Approach<'a> {
    pub(super) fn of(question: &str, crisis: &'a Crisis, topics: &'a Topics) -> Self {
        let care = if crisis.answer(question).is_some() {
            Care::Crisis
        } else if soft::is_serious(question) {
            Care::Soft
        } else {
            Care::None
        };
        let found: Vec<&Topic> = topics.of(question);
        let is_free = found.is_empty() && care == Care::None;
        let can_be_cast = is_yes_no(question);
        let refer = found.iter().find_map(|topic| topic.refer.as_deref());
        Self {
            care,
            cast: match (can_be_cast, is_free) {
                (true, true) => CastRule::Made,
                (true, false) => CastRule::Declined,
                (false, _) => CastRule::None,
            },
            refer,
            is_gentle: care != Care::None || found.iter().any(|topic| topic.is_gentle),
            is_bright: is_free && topics.is_bright(question),
        }
    }
}
