//! The web client at `/app`: all of it from here, under a strict policy, cached by its versions.

use reqwest::Response;

use crate::support::{Database, Server, assert_immutable, header};

async fn server(flags: &[&str]) -> Server {
    Server::start(Database::sqlite(), flags).await
}

async fn get(server: &Server, path: &str) -> Response {
    server.request("GET", path).send().await.unwrap()
}

async fn page(server: &Server) -> String {
    get(server, "/app").await.text().await.unwrap()
}

/// The files that a page names: the values of `src` and `href`.
fn named(html: &str) -> Vec<&str> {
    ["src=\"", "href=\""]
        .into_iter()
        .flat_map(|attribute| html.split(attribute).skip(1))
        .map(|rest| rest.split('"').next().unwrap())
        .filter(|url| url.starts_with("/app/"))
        .collect()
}

#[tokio::test]
async fn the_page_and_all_it_names_come_from_here() {
    let server = server(&[]).await;

    let response = get(&server, "/app").await;
    assert_eq!(response.status(), 200);
    assert_eq!(
        header(&response, "content-type"),
        "text/html; charset=utf-8"
    );
    let html = response.text().await.unwrap();

    let types = [
        ("js", "text/javascript; charset=utf-8"),
        ("css", "text/css; charset=utf-8"),
        ("svg", "image/svg+xml"),
        ("png", "image/png"),
        ("webmanifest", "application/manifest+json"),
    ];
    for url in named(&html) {
        let file = get(&server, url).await;
        assert_eq!(file.status(), 200, "{url}");
        let extension = url.rsplit('.').next().unwrap();
        let expected = types.iter().find(|(known, _)| *known == extension);
        assert_eq!(header(&file, "content-type"), expected.unwrap().1, "{url}");
    }
    for (extension, _) in types {
        let is_named = |url: &&str| url.ends_with(extension);
        assert!(
            named(&html).iter().any(is_named),
            "no {extension} in {html}"
        );
    }
    assert!(!html.contains("//"), "another host in {html}");
    // Nothing inline: the policy would not run it.
    assert!(!html.contains("<style") && !html.contains(" style=") && !html.contains(" onload="));
    let mut scripts = html.split("<script").skip(1);
    assert!(scripts.all(|script| script.contains(" src=") && script.contains("></script>")));
    assert_eq!(get(&server, "/app/THIRD_PARTY.txt").await.status(), 200);
}

#[tokio::test]
async fn the_policy_lets_nothing_in() {
    let server = server(&[]).await;

    for path in ["/app", "/app/readings", "/app/sw.js"] {
        let response = get(&server, path).await;
        let policy = header(&response, "content-security-policy");
        let directives: Vec<_> = policy.split(';').map(str::trim).collect();
        for strict in [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self'",
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        ] {
            assert!(directives.contains(&strict), "{strict} is not in {policy}");
        }
        for loose in ["unsafe", "http", "*", "blob:", "data:"] {
            assert!(!policy.contains(loose), "{loose} is in {policy}");
        }
        assert_eq!(header(&response, "referrer-policy"), "no-referrer");
    }
}

#[tokio::test]
async fn every_path_of_the_client_is_its_page() {
    let server = server(&[]).await;
    let html = page(&server).await;

    for path in [
        "/app/",
        "/app/sign-in",
        "/app/readings/reading_01h455vb4pex5vsknk084sn02q",
    ] {
        let response = get(&server, path).await;
        assert_eq!(response.status(), 200, "{path}");
        assert_eq!(response.text().await.unwrap(), html, "{path}");
    }
    // But a file that another version of the client had is gone, and not a page.
    let absent = get(&server, "/app/assets/index-00000000.js").await;
    assert_eq!(absent.status(), 404);
}

#[tokio::test]
async fn files_are_cached_for_good_and_compressed() {
    let server = server(&[]).await;
    let html = page(&server).await;
    let assets: Vec<_> = named(&html)
        .into_iter()
        .filter(|url| url.starts_with("/app/assets/"))
        .collect();
    assert!(assets.len() >= 2, "{assets:?}");

    for url in assets {
        assert_immutable(&server, url, 1).await;
    }
}

#[tokio::test]
async fn the_page_itself_is_asked_for_each_time() {
    let server = server(&[]).await;

    for path in [
        "/app",
        "/app/readings",
        "/app/sw.js",
        "/app/manifest.webmanifest",
    ] {
        let first = get(&server, path).await;
        assert_eq!(header(&first, "cache-control"), "no-cache", "{path}");
        let etag = header(&first, "etag").to_owned();
        let again = server.request("GET", path).header("if-none-match", &etag);
        assert_eq!(again.send().await.unwrap().status(), 304, "{path}");
    }
    let worker = get(&server, "/app/sw.js").await;
    assert_eq!(header(&worker, "service-worker-allowed"), "/app");
}

#[tokio::test]
async fn the_root_leads_to_the_first_page_there_is() {
    let direct = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    for (flags, status, to) in [
        (&[][..], 307, "/app"),
        (&["--environment", "production"], 307, "/app"),
        (&["--web", "false"], 307, "/graphiql"),
        (&["--web", "false", "--graphiql", "false"], 404, ""),
    ] {
        let server = server(flags).await;
        let url = format!("http://{}/", server.address());
        let response = direct.get(url).send().await.unwrap();
        assert_eq!(response.status(), status, "{flags:?}");
        assert_eq!(header(&response, "location"), to, "{flags:?}");
    }
}

#[tokio::test]
async fn it_can_be_turned_off() {
    let server = server(&["--web", "false"]).await;

    for path in ["/app", "/app/", "/app/sw.js"] {
        let response = get(&server, path).await;
        assert_eq!(response.status(), 404, "{path}");
        let text = response.text().await.unwrap();
        assert!(
            !text.contains("/app") && text.contains("/graphiql"),
            "{text}"
        );
    }
}
