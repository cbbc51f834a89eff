//! When a refused request is sent again.

use std::time::Duration;

use chrono::DateTime;
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};

/// The pause before the first retry; each is twice the one before.
const BACKOFF: Duration = Duration::from_millis(250);

/// How long to wait after so many tries: twice as long each time, give or take a quarter, so that
/// those who were refused together do not come back together.
pub(super) fn backoff(tries: u32) -> Duration {
    let mut dice = [128];
    // Without randomness there is no harm but the crowd.
    let _ = getrandom::fill(&mut dice);
    let share = 0.75 + f64::from(dice[0]) / 512.0;
    (BACKOFF * 2_u32.saturating_pow(tries)).mul_f64(share)
}

/// When a server says that it would let us in: in milliseconds, in seconds, or at a time (RFC
/// 9110, section 10.2.3), of which its own clock says how far it is.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    let seconds = |text: &str, unit: f64| {
        let number: f64 = text.parse().ok()?;
        Duration::try_from_secs_f64(number * unit).ok()
    };
    if let Some(wait) = text("retry-after-ms").and_then(|text| seconds(text, 0.001)) {
        return Some(wait);
    }
    let after = text(RETRY_AFTER.as_str())?;
    seconds(after, 1.0).or_else(|| {
        let time = |text| DateTime::parse_from_rfc2822(text).ok();
        let wait = time(after)? - time(text(DATE.as_str())?)?;
        Some(wait.to_std().unwrap_or_default())
    })
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderName;

    use super::{Duration, HeaderMap, backoff, retry_after};

    #[test]
    fn a_server_says_when_to_come_back() {
        let after = |headers: &[(&'static str, &'static str)]| {
            let headers: HeaderMap = headers
                .iter()
                .map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()))
                .collect();
            retry_after(&headers)
        };
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        let date = ("date", "Fri, 31 Dec 1999 23:59:56 GMT");
        assert_eq!(after(&[("retry-after", "3")]), seconds(3));
        assert_eq!(
            after(&[("retry-after", "3"), ("retry-after-ms", "2000")]),
            seconds(2)
        );
        assert_eq!(
            after(&[date, ("retry-after", "Sat, 01 Jan 2000 00:00:00 GMT")]),
            seconds(4)
        );
        assert_eq!(
            after(&[date, ("retry-after", "Fri, 31 Dec 1999 23:00:00 GMT")]),
            seconds(0)
        );
        assert_eq!(
            after(&[("retry-after", "Sat, 01 Jan 2000 00:00:00 GMT")]),
            None
        );
        assert_eq!(after(&[("retry-after", "soon")]), None);
        assert_eq!(after(&[("retry-after", "-1")]), None);
        assert_eq!(after(&[]), None);
    }

    #[test]
    fn each_pause_is_longer_than_the_one_before() {
        for _ in 0..100 {
            let pauses = [0, 1, 2].map(backoff);
            assert!(pauses[0] * 11 / 10 < pauses[1] && pauses[1] * 11 / 10 < pauses[2]);
            assert!(pauses[0] >= Duration::from_millis(187));
        }
    }
}
