//! A collector of a test's own: it keeps what is posted to it.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use axum::{Router, body::Bytes, extract::Request, http::StatusCode};
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{KeyValue, any_value::Value as Any},
};
use prost::Message;

/// A posted body and its path.
#[derive(Clone)]
pub struct Posted {
    pub path: String,
    pub headers: BTreeMap<String, String>,
    pub body: Bytes,
}

#[derive(Clone)]
pub struct Collector {
    pub url: String,
    posted: Arc<Mutex<Vec<Posted>>>,
}

/// A span, in plain words.
#[derive(Clone, Debug)]
pub struct Span {
    pub name: String,
    pub trace: String,
    pub id: String,
    /// Empty for the first of a trace.
    pub parent: String,
    /// 1 internal, 2 server, 3 client.
    pub kind: i32,
    pub failed: bool,
    pub nanos: u64,
    pub attributes: BTreeMap<String, String>,
}

impl Collector {
    pub async fn start() -> Self {
        Self::that_answers(StatusCode::OK).await
    }

    pub async fn that_answers(status: StatusCode) -> Self {
        let posted = Arc::new(Mutex::new(Vec::new()));
        let keep = posted.clone();
        let router = Router::new().fallback(move |request: Request| {
            let keep = keep.clone();
            async move {
                let (head, body) = request.into_parts();
                let headers = head
                    .headers
                    .iter()
                    .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
                let posted = Posted {
                    path: head.uri.path().to_owned(),
                    headers: headers.collect(),
                    body: axum::body::to_bytes(body, usize::MAX).await.unwrap(),
                };
                keep.lock().unwrap().push(posted);
                status
            }
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, posted }
    }

    pub fn posted(&self) -> Vec<Posted> {
        self.posted.lock().unwrap().clone()
    }

    fn requests(&self) -> impl Iterator<Item = ExportTraceServiceRequest> {
        self.posted().into_iter().map(|posted| {
            assert_eq!(posted.path, "/v1/traces");
            assert_eq!(posted.headers["content-type"], "application/x-protobuf");
            ExportTraceServiceRequest::decode(posted.body).unwrap()
        })
    }

    /// The resource of the spans.
    pub fn resource(&self) -> BTreeMap<String, String> {
        let first = self.requests().next().expect("spans were sent");
        let resource = first.resource_spans[0].resource.clone();
        plain(&resource.unwrap().attributes)
    }

    /// All spans that were sent.
    pub fn spans(&self) -> Vec<Span> {
        self.requests()
            .flat_map(|request| request.resource_spans)
            .flat_map(|resource| resource.scope_spans)
            .flat_map(|scope| scope.spans)
            .map(|span| Span {
                name: span.name,
                trace: hex(&span.trace_id),
                id: hex(&span.span_id),
                parent: hex(&span.parent_span_id),
                kind: span.kind,
                failed: span.status.is_some_and(|status| status.code == 2),
                nanos: span.end_time_unix_nano - span.start_time_unix_nano,
                attributes: plain(&span.attributes),
            })
            .collect()
    }
}

fn hex(bytes: &[u8]) -> String {
    let digits =
        |byte: &u8| [byte >> 4, byte & 15].map(|digit| b"0123456789abcdef"[usize::from(digit)]);
    String::from_utf8(bytes.iter().flat_map(digits).collect()).unwrap()
}

fn plain(attributes: &[KeyValue]) -> BTreeMap<String, String> {
    let value = |attribute: &KeyValue| match attribute.value.clone()?.value? {
        Any::StringValue(text) => Some(text),
        Any::IntValue(number) => Some(number.to_string()),
        Any::ArrayValue(list) => {
            let texts = list.values.into_iter().map(|value| match value.value {
                Some(Any::StringValue(text)) => text,
                other => format!("{other:?}"),
            });
            Some(texts.collect::<Vec<_>>().join(","))
        }
        other => Some(format!("{other:?}")),
    };
    attributes
        .iter()
        .map(|attribute| (attribute.key.clone(), value(attribute).unwrap()))
        .collect()
}
