//! In which media type an answer goes out (RFC 9110, section 12.5.1).

use std::cmp::Reverse;

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};

/// The two media types of GraphQL over HTTP, and the two for answers that come in pieces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::http) enum MediaType {
    /// `application/graphql-response+json`: the status says whether there is `data`.
    GraphqlResponse,
    /// `application/json`: 200 for whatever could be read as a GraphQL request, since from
    /// other statuses a client cannot tell whether it was this server that answered.
    Json,
    /// `text/event-stream`: Server-Sent Events.
    EventStream,
    /// `multipart/mixed` with a `subscriptionSpec`.
    Multipart,
}

impl MediaType {
    pub(in crate::http) fn header(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
            Self::EventStream => "text/event-stream; charset=utf-8",
            Self::Multipart => "multipart/mixed; boundary=\"graphql\"; subscriptionSpec=\"1.0\"",
        })
    }

    /// The status of an answer without `data` to a request that could be read.
    pub(super) fn request_error(self) -> StatusCode {
        match self {
            Self::GraphqlResponse => StatusCode::BAD_REQUEST,
            // In a stream the status has gone out before the request was looked at.
            Self::Json | Self::EventStream | Self::Multipart => StatusCode::OK,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::GraphqlResponse => "application/graphql-response+json",
            Self::Json => "application/json",
            Self::EventStream => "text/event-stream",
            Self::Multipart => MULTIPART,
        }
    }
}

/// The parsed form of `multipart/mixed` with the parameter for subscriptions; without it, it is for
/// `@defer`, which is not supported.
const MULTIPART: &str = "multipart/mixed; subscriptionspec";

/// The media types a client accepts; not both are absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::http) struct Accepted {
    /// For queries and mutations: a JSON type wherever one is accepted. Clients such as urql list
    /// all types they can read, streams among them, for every operation.
    pub once: Option<MediaType>,
    /// For subscriptions; absent, they are not served.
    pub stream: Option<MediaType>,
}

/// The type with the highest quality of each sort; with equal quality the first in the header.
pub(super) fn negotiate(headers: &HeaderMap) -> Option<Accepted> {
    let accept: Vec<_> = headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter(|range| !range.trim().is_empty())
        .collect();
    if accept.is_empty() {
        return Some(Accepted {
            once: Some(MediaType::Json),
            stream: None,
        });
    }
    let ranges: Vec<_> = accept.into_iter().filter_map(Range::parse).collect();
    let accepted = Accepted {
        // `application/json` first: a wildcard means what old clients expect.
        once: preferred(&ranges, [MediaType::Json, MediaType::GraphqlResponse]),
        stream: preferred(&ranges, [MediaType::EventStream, MediaType::Multipart]),
    };
    (accepted.once.is_some() || accepted.stream.is_some()).then_some(accepted)
}

fn preferred(ranges: &[Range], media_types: [MediaType; 2]) -> Option<MediaType> {
    let accepted = media_types.into_iter().filter_map(|media_type| {
        // The most specific range decides, whatever a wider one says.
        let (place, range) = ranges
            .iter()
            .enumerate()
            .filter(|(_, range)| range.covers(media_type))
            .max_by_key(|(_, range)| range.specificity())?;
        (range.quality > 0).then_some((Reverse(range.quality), place, media_type))
    });
    let best = accepted.min_by_key(|(quality, place, _)| (*quality, *place));
    best.map(|(_, _, media_type)| media_type)
}

/// One of the media ranges of an `Accept`.
struct Range {
    name: String,
    /// In thousandths: all the digits there may be.
    quality: u16,
}

impl Range {
    /// None for what is malformed, or asks for a charset we do not speak.
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let mut name = parts.next()?.to_ascii_lowercase();
        let mut quality = 1000;
        for parameter in parts {
            let (key, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            let (key, value) = (key.trim().to_ascii_lowercase(), value.trim());
            if key == "q" {
                quality = thousandths(value)?;
            } else if key == "charset" && !is_utf8(value) {
                return None;
            } else if key == "subscriptionspec" && name == "multipart/mixed" {
                MULTIPART.clone_into(&mut name);
            }
        }
        Some(Self { name, quality })
    }

    fn covers(&self, media_type: MediaType) -> bool {
        let json = matches!(media_type, MediaType::Json | MediaType::GraphqlResponse);
        json && matches!(self.name.as_str(), "*/*" | "application/*")
            || self.name == media_type.name()
    }

    fn specificity(&self) -> u8 {
        match self.name.as_str() {
            "*/*" => 0,
            "application/*" => 1,
            _ => 2,
        }
    }
}

/// `0`, `1`, or `0.` with up to three digits.
fn thousandths(quality: &str) -> Option<u16> {
    let (whole, digits) = quality.split_once('.').unwrap_or((quality, ""));
    if digits.len() > 3 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits: u16 = format!("{digits:0<3}").parse().ok()?;
    match whole {
        "0" => Some(digits),
        "1" if digits == 0 => Some(1000),
        _ => None,
    }
}

/// Whether a charset is the one that JSON is in (RFC 8259, section 8.1).
fn is_utf8(charset: &str) -> bool {
    let charset = charset.trim_matches('"');
    charset.eq_ignore_ascii_case("utf-8") || charset.eq_ignore_ascii_case("utf8")
}

/// Whether a request's body is JSON in UTF-8. Web pages cannot send that to another origin
/// unasked, which keeps forged requests out.
pub(super) fn is_json(headers: &HeaderMap) -> bool {
    let Some(Ok(content_type)) = headers.get(header::CONTENT_TYPE).map(HeaderValue::to_str) else {
        return false;
    };
    let mut parts = content_type.split(';').map(str::trim);
    let json = parts
        .next()
        .is_some_and(|name| name.eq_ignore_ascii_case("application/json"));
    json && parts.all(|parameter| match parameter.split_once('=') {
        Some((key, value)) if key.trim().eq_ignore_ascii_case("charset") => is_utf8(value.trim()),
        _ => true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepted(accept: &'static str) -> (Option<MediaType>, Option<MediaType>) {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, HeaderValue::from_static(accept));
        negotiate(&headers).map_or((None, None), |accepted| (accepted.once, accepted.stream))
    }

    #[test]
    fn quality_decides_and_then_the_order() {
        use MediaType::{EventStream, GraphqlResponse, Json, Multipart};
        for (accept, once, stream) in [
            ("", Some(Json), None),
            ("*/*", Some(Json), None),
            ("application/*", Some(Json), None),
            ("application/json", Some(Json), None),
            ("Application/JSON; charset=UTF-8", Some(Json), None),
            (
                "application/graphql-response+json; charset=utf-8",
                Some(GraphqlResponse),
                None,
            ),
            (
                "application/graphql-response+json;q=0.5, application/json;q=0.9",
                Some(Json),
                None,
            ),
            (
                "application/json, application/graphql-response+json",
                Some(Json),
                None,
            ),
            (
                "application/graphql-response+json, application/json",
                Some(GraphqlResponse),
                None,
            ),
            ("application/json, */*", Some(Json), None),
            (
                "application/graphql-response+json, */*",
                Some(GraphqlResponse),
                None,
            ),
            ("*/*, application/graphql-response+json", Some(Json), None),
            ("application/json;q=0, */*", Some(GraphqlResponse), None),
            ("application/json;q=0.1, */*", Some(GraphqlResponse), None),
            ("application/json;q=0.001, text/html", Some(Json), None),
            (
                "text/html, application/xhtml+xml, */*;q=0.8",
                Some(Json),
                None,
            ),
            ("application/json, multipart/mixed", Some(Json), None),
            ("text/event-stream", None, Some(EventStream)),
            (
                "text/event-stream, multipart/mixed",
                None,
                Some(EventStream),
            ),
            (
                "text/event-stream, application/json;q=0.5",
                Some(Json),
                Some(EventStream),
            ),
            (
                "multipart/mixed;boundary=\"-\";subscriptionSpec=\"1.0\", application/json",
                Some(Json),
                Some(Multipart),
            ),
            (
                "multipart/mixed;subscriptionSpec=1.0, text/event-stream",
                None,
                Some(Multipart),
            ),
            (
                "multipart/mixed;subscriptionSpec=1.0;q=0.9, text/event-stream",
                None,
                Some(EventStream),
            ),
            (
                "multipart/mixed;deferSpec=20220824, application/json",
                Some(Json),
                None,
            ),
            ("text/html", None, None),
            ("text/*", None, None),
            ("application/json;q=0", None, None),
            (
                "application/json;q=0.000, application/graphql-response+json;q=0.0",
                None,
                None,
            ),
            ("application/json; charset=utf-16", None, None),
            ("application/json;q=2", None, None),
            ("application/json;q=0.1234", None, None),
            ("application/json;q=", None, None),
            ("nonsense", None, None),
        ] {
            assert_eq!(accepted(accept), (once, stream), "{accept}");
        }
        let absent = negotiate(&HeaderMap::new()).unwrap();
        assert_eq!((absent.once, absent.stream), (Some(Json), None));
    }

    #[test]
    fn several_accept_headers_are_one() {
        let mut headers = HeaderMap::new();
        headers.append(header::ACCEPT, HeaderValue::from_static("text/html"));
        headers.append(
            header::ACCEPT,
            HeaderValue::from_static("application/graphql-response+json"),
        );
        let accepted = negotiate(&headers).unwrap();
        assert_eq!(accepted.once, Some(MediaType::GraphqlResponse));
    }

    #[test]
    fn a_body_is_json_in_utf_8() {
        for (content_type, json) in [
            ("application/json", true),
            ("APPLICATION/JSON", true),
            ("application/json;charset=utf-8", true),
            ("application/json; Charset=\"UTF-8\"", true),
            ("application/json; profile=x", true),
            ("application/json; charset=iso-8859-1", false),
            ("application/json; charset=utf-16", false),
            ("application/jsonp", false),
            ("application/graphql", false),
            ("text/plain", false),
            ("application/x-www-form-urlencoded", false),
            ("multipart/form-data", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
            assert_eq!(is_json(&headers), json, "{content_type}");
        }
        assert!(!is_json(&HeaderMap::new()));
    }
}
