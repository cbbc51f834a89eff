//! What changes something.

mod ask_advisor;
mod cancel_reading;
mod change_password;
mod delete_account;
mod delete_reading;
mod login;
mod logout;
mod regenerate_reading;
mod register;
mod revoke_session;

use async_graphql::MergedObject;

/// What changes something. Several in one document are done one after another.
#[derive(MergedObject, Default)]
pub struct Mutation(
    register::Register,
    login::Login,
    logout::Logout,
    change_password::ChangePassword,
    revoke_session::RevokeSession,
    delete_account::DeleteAccount,
    ask_advisor::AskAdvisor,
    cancel_reading::CancelReading,
    regenerate_reading::RegenerateReading,
    delete_reading::DeleteReading,
);
