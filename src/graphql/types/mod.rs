//! The objects, enums and inputs that operations share.

mod advisor;
mod excerpt;
mod generation;
mod listed;
mod node;
mod reading;
mod session;
mod usage;
mod user;

pub(super) use advisor::{Advisor, AdvisorProfile};
pub(super) use generation::Generation;
pub(super) use listed::Listed;
pub(super) use node::Node;
pub(super) use reading::{Reading, ReadingFilter, ReadingStatus};
pub(super) use session::Session;
pub(super) use usage::Usage;
pub(super) use user::User;
