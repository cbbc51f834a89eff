//! The SQL of generations, their text, and the days and months in which they are counted.

mod ending;
mod leases;
mod pieces;
mod queue;
mod spending;

pub use self::{
    ending::{Ending, Outcome, end, lock_unsettled},
    leases::{
        Lease, Renewal, append, expired, fall_back, held_piece, mark_sent, release, renew, requeue,
    },
    pieces::{pieces_after, stored_text},
    queue::{
        State, claim, count_unfinished, find, find_queued, has_queued, ids_of, insert, lock_queued,
        lock_unfinished, queued, request_cancel, states, unfinished_of, wanted_of,
    },
    spending::{
        count_on_day, count_on_guest_day, lock_month, lock_service_month, month, month_cost,
        reserved, settle, settle_service, usage,
    },
};
