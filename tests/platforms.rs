//! The files that platforms read: what they refuse, and whose addresses they trust.

use std::{fs, path::Path};

fn read(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// The names of all settings.
fn settings_of_mula() -> Vec<String> {
    use clap::Args;
    let settings = mula::config::RawSettings::augment_args(clap::Command::new("settings"));
    settings
        .get_arguments()
        .filter_map(|setting| setting.get_env()?.to_str().map(str::to_owned))
        .collect()
}

/// Railway refuses to build one: "docker VOLUME at Line N is not supported".
#[test]
fn the_image_declares_no_volume() {
    let dockerfile = read("Dockerfile");
    let volume = dockerfile
        .lines()
        .find(|line| line.trim_start().to_ascii_uppercase().starts_with("VOLUME"));
    assert_eq!(volume, None);
}

#[test]
fn every_setting_of_the_platforms_is_one_of_mulas() {
    let help = settings_of_mula();
    let mut named = 0;
    for line in read("render.yaml").lines() {
        let Some(key) = line.trim().strip_prefix("- key: ") else {
            continue;
        };
        assert!(help.iter().any(|name| name == key), "{key}");
        named += 1;
    }
    assert!(named > 4, "{named}");
}

/// Render has Cloudflare in front of every service: the last address in `X-Forwarded-For` is
/// Cloudflare's, and without its networks strangers would share rate limits.
#[test]
fn render_trusts_cloudflare_and_nobody_else() {
    let render = read("render.yaml");
    let value = render
        .split("TRUSTED_PROXIES\n")
        .nth(1)
        .and_then(|rest| {
            rest.lines()
                .find_map(|line| line.trim().strip_prefix("value: "))
        })
        .expect("render.yaml sets TRUSTED_PROXIES");
    let proxies = crate::support::settings(&["--trusted-proxies", value])
        .clients
        .trusted_proxies;
    let trusts = |address: &str| {
        let address: std::net::IpAddr = address.parse().unwrap();
        proxies.iter().any(|network| network.contains(&address))
    };
    for edge in [
        "10.201.4.9",
        "104.22.17.40",
        "172.70.34.5",
        "2606:4700::6810:84e5",
    ] {
        assert!(trusts(edge), "{edge}");
    }
    for client in [
        "99.61.165.29",
        "203.0.113.7",
        "2001:db8::1",
        "172.16.0.1",
        "192.168.0.1",
    ] {
        assert!(!trusts(client), "{client}");
    }
}

/// A health check that fails for a minute restarts the instance, which the database's absence
/// does not call for.
#[test]
fn platforms_restart_by_liveness() {
    assert!(read("render.yaml").contains("healthCheckPath: /health/live\n"));
}

#[test]
fn compose_trusts_one_address_and_publishes_to_this_machine() {
    let compose = read("compose.yaml");
    let trusted = compose
        .lines()
        .find_map(|line| line.trim().strip_prefix("TRUSTED_PROXIES: "))
        .expect("compose.yaml sets TRUSTED_PROXIES");
    let address = trusted.split_whitespace().last().unwrap_or_default();
    assert!(address.parse::<std::net::IpAddr>().is_ok(), "{trusted}");
    assert!(
        compose.contains("ipv4_address: *proxy"),
        "nginx has that address"
    );
    for line in compose.lines().filter(|line| line.contains("ports: [")) {
        assert!(
            line.contains("\"127.0.0.1:") || line.contains("${COMPOSE_ADDRESS:-127.0.0.1}:"),
            "{line}"
        );
    }
    // A password in a URL has to be percent-encoded; in a variable of its own it need not.
    let url = compose.lines().find(|line| line.contains("DATABASE_URL:"));
    assert!(!url.unwrap_or_default().contains("PASSWORD"), "{url:?}");
    assert!(compose.contains("PGPASSWORD: ${POSTGRES_PASSWORD:-mula}"));
}

/// Each alert is tested, and has a section that says what to do.
#[test]
fn every_alert_has_a_test_and_a_section_of_the_runbook() {
    let (rules, tests, runbook) = (
        read("deploy/prometheus/rules.yml"),
        read("deploy/prometheus/rules.test.yml"),
        read("docs/runbook.md"),
    );
    let alerts: Vec<_> = rules
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- alert: "))
        .collect();
    assert!(alerts.len() >= 15, "{alerts:?}");
    for alert in &alerts {
        for kind in ["is raised", "is not raised"] {
            assert!(
                tests.contains(&format!("- name: {alert} {kind}\n")),
                "{alert} {kind}"
            );
        }
        assert!(
            runbook.contains(&format!("\n## {alert}\n")),
            "{alert} has no section"
        );
        let anchor = format!("runbook: docs/runbook.md#{}\n", alert.to_lowercase());
        assert!(rules.contains(&anchor), "{anchor}");
    }
    let sections = runbook.matches("\n## Mula").count();
    assert_eq!(sections, alerts.len(), "a section without an alert");
}

/// Grafana asks for the data source on import, instead of looking for one of a fixed name.
#[test]
fn the_dashboard_is_for_any_data_source() {
    let dashboard = read("deploy/grafana/dashboards/mula.json");
    let mut sources = 0;
    for (line, next) in dashboard.lines().zip(dashboard.lines().skip(1)) {
        if line.contains("\"type\": \"prometheus\"") {
            assert!(next.contains("\"uid\": \"${datasource}\""), "{next}");
            sources += 1;
        }
    }
    assert!(sources > 20, "{sources}");
    assert!(dashboard.contains("\"type\": \"datasource\""));
    assert!(
        !dashboard.contains("job=\\\"mula\\\""),
        "the job is a variable"
    );
}

#[test]
fn kubernetes_sets_mulas_settings_and_restarts_by_liveness() {
    let manifest = read("deploy/kubernetes/mula.yaml");
    let data = manifest.split("\ndata:\n").nth(1).unwrap();
    let data = data.split("---").next().unwrap();
    let settings = settings_of_mula();
    let mut named = 0;
    for line in data
        .lines()
        .map(str::trim)
        .filter(|line| !line.starts_with('#'))
    {
        let Some((name, _)) = line.split_once(": ") else {
            continue;
        };
        let name = name.strip_suffix("_FILE").unwrap_or(name);
        assert!(settings.iter().any(|known| known == name), "{name}");
        named += 1;
    }
    assert!(named >= 8, "{named}");
    let probe = |name: &str| {
        let rest = manifest.split(&format!("{name}:\n")).nth(1).unwrap();
        rest.lines()
            .find_map(|line| line.trim().strip_prefix("path: "))
            .unwrap()
            .to_owned()
    };
    assert_eq!(probe("livenessProbe"), "/health/live");
    assert_eq!(probe("startupProbe"), "/health/live");
    assert_eq!(probe("readinessProbe"), "/health/ready");
}
