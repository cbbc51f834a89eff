//! The root mutation type.

mod ask_advisor;
mod cancel_reading;
mod change_email;
mod change_password;
mod claim_account;
mod continue_as_guest;
mod delete_account;
mod delete_reading;
mod extend_session;
mod login;
mod logout;
mod regenerate_reading;
mod register;
mod request_password_reset;
mod resend_verification;
mod reset_password;
mod revoke_other_sessions;
mod revoke_session;
mod share_reading;
mod unshare_reading;
mod update_profile;
mod update_reading;
mod verify_email;

use async_graphql::MergedObject;

use super::limits::{Price, Prices};

/// A transaction of a few statements each; what tries a password has a bound of its own.
pub(super) const PRICES: Prices = &[
    ("logout", Price::queries(2)),
    ("revokeSession", Price::queries(2)),
    ("revokeOtherSessions", Price::queries(2)),
    ("extendSession", Price::queries(2)),
    ("updateProfile", Price::queries(2)),
    ("askAdvisor", Price::queries(4)),
    ("cancelReading", Price::queries(4)),
    ("regenerateReading", Price::queries(4)),
    ("deleteReading", Price::queries(4)),
    ("updateReading", Price::queries(4)),
    ("shareReading", Price::queries(4)),
    ("unshareReading", Price::queries(4)),
];

/// The root mutation type. Fields run one after another, in document order.
#[derive(MergedObject, Default)]
pub struct Mutation(
    register::Register,
    login::Login,
    logout::Logout,
    change_password::ChangePassword,
    request_password_reset::RequestPasswordReset,
    reset_password::ResetPassword,
    verify_email::VerifyEmail,
    resend_verification::ResendVerification,
    change_email::ChangeEmail,
    continue_as_guest::ContinueAsGuest,
    claim_account::ClaimAccount,
    revoke_session::RevokeSession,
    delete_account::DeleteAccount,
    extend_session::ExtendSession,
    revoke_other_sessions::RevokeOtherSessions,
    update_profile::UpdateProfile,
    ask_advisor::AskAdvisor,
    cancel_reading::CancelReading,
    regenerate_reading::RegenerateReading,
    delete_reading::DeleteReading,
    update_reading::UpdateReading,
    share_reading::ShareReading,
    unshare_reading::UnshareReading,
);
