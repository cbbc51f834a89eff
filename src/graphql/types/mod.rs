//! The objects, enums and inputs that operations share.

mod account_event;
mod advisor;
mod excerpt;
mod failure;
mod filter;
mod generation;
mod listed;
mod node;
mod parents;
mod reading;
mod session;
mod share;
mod states;
mod usage;
mod user;

pub(super) use account_event::AccountEvent;
pub(super) use advisor::{Advisor, AdvisorProfile};
pub(super) use filter::ReadingFilter;
pub(super) use generation::Generation;
pub(super) use listed::Listed;
pub(super) use node::Node;
pub(super) use reading::Reading;
pub(super) use session::Session;
pub(super) use share::SharedReading;
pub(super) use states::{Rating, ReadingStatus};
pub(super) use usage::Usage;
pub(super) use user::User;
