//! The page at `/graphiql`: there for who develops, gone in production, and nothing on it from elsewhere.

use reqwest::Response;

use crate::support::{Database, Server, assert_immutable, header};

async fn server(flags: &[&str]) -> Server {
    Server::start(Database::sqlite(), flags).await
}

async fn get(server: &Server, path: &str) -> Response {
    server.request("GET", path).send().await.unwrap()
}

/// The files a page loads: the values of `src` and `href`.
fn loaded(html: &str) -> Vec<&str> {
    ["src=\"", "href=\""]
        .into_iter()
        .flat_map(|attribute| html.split(attribute).skip(1))
        .map(|rest| rest.split('"').next().unwrap())
        .collect()
}

fn extension(url: &str) -> &str {
    let path = url.split('?').next().unwrap();
    path.rsplit('.').next().unwrap()
}

#[tokio::test]
async fn the_page_and_all_it_loads_come_from_here() {
    let server = server(&[]).await;

    let page = get(&server, "/graphiql").await;
    assert_eq!(page.status(), 200);
    assert_eq!(header(&page, "content-type"), "text/html; charset=utf-8");
    let html = page.text().await.unwrap();

    let loaded: Vec<_> = loaded(&html)
        .into_iter()
        .filter(|url| !url.starts_with("data:"))
        .collect();
    assert!(
        loaded.iter().any(|url| extension(url) == "js")
            && loaded.iter().any(|url| extension(url) == "css")
    );
    for url in loaded {
        assert!(url.starts_with('/') && !url.starts_with("//"), "{url}");
        let file = get(&server, url).await;
        assert_eq!(file.status(), 200, "{url}");
        let expected = if extension(url) == "js" {
            "text/javascript"
        } else {
            "text/css"
        };
        assert!(header(&file, "content-type").starts_with(expected), "{url}");
        let text = file.text().await.unwrap();
        for elsewhere in [
            "unpkg.com",
            "jsdelivr.net",
            "esm.sh",
            "cdnjs.",
            "googleapis.com",
            "@import",
            "url(http",
        ] {
            assert!(!text.contains(elsewhere), "{url} mentions {elsewhere}");
        }
    }
    // Nothing inline: the policy would not run it.
    assert!(!html.contains("<style") && !html.contains(" style=") && !html.contains(" onload="));
    assert!(
        html.split("<script")
            .skip(1)
            .all(|script| script.contains(" src=") && script.contains("></script>"))
    );
    assert_eq!(
        get(&server, "/graphiql/THIRD_PARTY.txt").await.status(),
        200
    );
}

#[tokio::test]
async fn the_policy_lets_nothing_in() {
    let server = server(&[]).await;

    let page = get(&server, "/graphiql").await;

    let policy = header(&page, "content-security-policy");
    let directives: Vec<_> = policy.split(';').map(str::trim).collect();
    for strict in [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ] {
        assert!(directives.contains(&strict), "{strict} is not in {policy}");
    }
    for loose in ["unsafe", "http", "*", "blob:"] {
        assert!(!policy.contains(loose), "{loose} is in {policy}");
    }
    assert_eq!(header(&page, "referrer-policy"), "no-referrer");
}

#[tokio::test]
async fn what_the_browser_has_is_not_sent_again() {
    let server = server(&[]).await;
    let first = get(&server, "/graphiql/graphiql.js").await;
    let etag = header(&first, "etag").to_owned();
    assert!(etag.starts_with("W/\""));

    let again = server
        .request("GET", "/graphiql/graphiql.js")
        .header("if-none-match", &etag)
        .send()
        .await
        .unwrap();

    assert_eq!(again.status(), 304);
    assert_eq!(header(&again, "etag"), etag);
    assert_eq!(again.text().await.unwrap(), "");
    let other = server
        .request("GET", "/graphiql/graphiql.js")
        .header("if-none-match", "\"other\"");
    assert_eq!(other.send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn production_has_no_page_unless_asked_for() {
    for (flags, status) in [
        (&["--environment", "production"][..], 404),
        (&["--environment", "production", "--graphiql", "true"], 200),
        (&["--graphiql", "false"], 404),
    ] {
        let server = server(flags).await;
        for path in [
            "/graphiql",
            "/graphiql/graphiql.js",
            "/graphiql/graphiql.css",
        ] {
            let response = get(&server, path).await;
            assert_eq!(response.status(), status, "{flags:?} {path}");
            if status == 404 {
                let text = response.text().await.unwrap();
                assert!(
                    text.contains("/graphql") && !text.contains("GraphiQL"),
                    "{text}"
                );
            }
        }
    }
}

#[tokio::test]
async fn what_it_loads_is_cached_for_good_and_compressed() {
    let server = server(&[]).await;
    let html = get(&server, "/graphiql").await.text().await.unwrap();
    let urls: Vec<_> = loaded(&html)
        .into_iter()
        .filter(|url| url.starts_with('/'))
        .collect();
    assert_eq!(urls.len(), 2);

    for url in urls {
        assert_immutable(&server, url, 3).await;
        // Of another version, or of none, it may change.
        let path = url.split('?').next().unwrap();
        for other in [path.to_owned(), format!("{path}?v=other")] {
            let response = get(&server, &other).await;
            assert_eq!(header(&response, "cache-control"), "no-cache", "{other}");
        }
    }
}
