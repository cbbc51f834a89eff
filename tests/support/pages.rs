//! Files of the pages that the binary contains.

use super::{Server, decompressed, header};

/// Checks a file whose URL names its version: cached for ever, and compressed, in each encoding to a
/// fraction of its size at most, without a change.
pub async fn assert_immutable(server: &Server, url: &str, fraction: usize) {
    let plain = server.request("GET", url).send().await.unwrap();
    let caching = "public, max-age=31536000, immutable";
    assert_eq!(header(&plain, "cache-control"), caching, "{url}");
    assert_eq!(header(&plain, "content-encoding"), "");
    assert_eq!(header(&plain, "vary"), "accept-encoding");
    let plain = plain.text().await.unwrap();
    for encoding in ["br", "gzip"] {
        let request = server
            .request("GET", url)
            .header("accept-encoding", encoding);
        let response = request.send().await.unwrap();
        assert_eq!(header(&response, "content-encoding"), encoding);
        let bytes = response.bytes().await.unwrap();
        assert!(bytes.len() * fraction < plain.len(), "{url} {encoding}");
        assert!(decompressed(encoding, &bytes) == plain, "{url} {encoding}");
    }
}
