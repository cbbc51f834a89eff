//! In which media type an answer goes out (RFC 9110, section 12.5.1).

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

    /// Which one it is to be when a client likes several as much.
    fn rank(self) -> u8 {
        match self {
            Self::Json => 0,
            Self::GraphqlResponse => 1,
            // Named only by who wants to be told as things happen.
            Self::EventStream | Self::Multipart => 2,
        }
    }
}

/// What [`Range::parse`] makes of `multipart/mixed` with the parameter that says that it is for
/// subscriptions; without, it is for `@defer`, which is not served.
const MULTIPART: &str = "multipart/mixed; subscriptionspec";

/// The one the client likes best, or none of them. Whoever has no preference gets
/// `application/json`, as old clients expect; between the two by name, the newer one.
pub(super) fn negotiate(headers: &HeaderMap) -> Option<MediaType> {
    let accept: Vec<_> = headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter(|range| !range.trim().is_empty())
        .collect();
    if accept.is_empty() {
        return Some(MediaType::Json);
    }
    let ranges: Vec<_> = accept.into_iter().filter_map(Range::parse).collect();
    [
        MediaType::Json,
        MediaType::GraphqlResponse,
        MediaType::EventStream,
        MediaType::Multipart,
    ]
    .into_iter()
    .filter_map(|media_type| {
        // The most specific range decides, whatever a wider one says.
        let range = ranges
            .iter()
            .filter(|range| range.covers(media_type))
            .max_by_key(|range| range.specificity())?;
        (range.quality > 0).then_some((range.quality, range.specificity(), media_type))
    })
    .max_by_key(|(quality, specificity, media_type)| {
        let by_name = *specificity == NAMED;
        // With no preference, what old clients expect.
        let rank = if by_name {
            media_type.rank()
        } else {
            u8::from(*media_type == MediaType::Json)
        };
        (*quality, by_name, rank)
    })
    .map(|(_, _, media_type)| media_type)
}

/// One of the media ranges of an `Accept`.
struct Range {
    name: String,
    /// In thousandths: all the digits there may be.
    quality: u16,
}

const NAMED: u8 = 2;

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
            _ => NAMED,
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

    #[test]
    fn the_client_gets_what_it_likes_best() {
        use MediaType::{EventStream, GraphqlResponse, Json, Multipart};
        for (accept, expected) in [
            ("", Some(Json)),
            ("*/*", Some(Json)),
            ("application/*", Some(Json)),
            ("application/json", Some(Json)),
            ("Application/JSON; charset=UTF-8", Some(Json)),
            ("application/graphql-response+json", Some(GraphqlResponse)),
            (
                "application/graphql-response+json; charset=utf-8",
                Some(GraphqlResponse),
            ),
            (
                "application/graphql-response+json, application/json;q=0.9",
                Some(GraphqlResponse),
            ),
            (
                "application/graphql-response+json;q=0.5, application/json;q=0.9",
                Some(Json),
            ),
            (
                "application/json, application/graphql-response+json",
                Some(GraphqlResponse),
            ),
            ("application/json, */*", Some(Json)),
            (
                "application/graphql-response+json, */*",
                Some(GraphqlResponse),
            ),
            ("application/json;q=0, */*", Some(GraphqlResponse)),
            ("application/json;q=0.1, */*", Some(GraphqlResponse)),
            ("application/json;q=0.001, text/html", Some(Json)),
            ("text/html, application/xhtml+xml, */*;q=0.8", Some(Json)),
            ("application/json, multipart/mixed", Some(Json)),
            ("text/event-stream", Some(EventStream)),
            (
                "text/event-stream, application/json;q=0.5",
                Some(EventStream),
            ),
            (
                "multipart/mixed;boundary=\"-\";subscriptionSpec=\"1.0\", application/json",
                Some(Multipart),
            ),
            (
                "multipart/mixed;deferSpec=20220824, application/json",
                Some(Json),
            ),
            ("text/html", None),
            ("text/*", None),
            ("application/json;q=0", None),
            (
                "application/json;q=0.000, application/graphql-response+json;q=0.0",
                None,
            ),
            ("application/json; charset=utf-16", None),
            ("application/json;q=2", None),
            ("application/json;q=0.1234", None),
            ("application/json;q=", None),
            ("nonsense", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, HeaderValue::from_static(accept));
            assert_eq!(negotiate(&headers), expected, "{accept}");
        }
        assert_eq!(negotiate(&HeaderMap::new()), Some(Json));
    }

    #[test]
    fn several_accept_headers_are_one() {
        let mut headers = HeaderMap::new();
        headers.append(header::ACCEPT, HeaderValue::from_static("text/html"));
        headers.append(
            header::ACCEPT,
            HeaderValue::from_static("application/graphql-response+json"),
        );
        assert_eq!(negotiate(&headers), Some(MediaType::GraphqlResponse));
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
