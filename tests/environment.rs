//! Settings as they come: from the environment, from `.env`, from files.

use std::{fs, path::Path, process::Command};

use crate::support::{SECRET, Serving, mula, run};

/// The program with these variables, where it stops before it serves, or serves on any free port.
fn with(dir: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Command {
    let mut command = mula(dir, arguments);
    command.envs(variables.iter().copied());
    command
}

/// The output of a refused start.
async fn refused(dir: &Path, variables: &[(&str, &str)]) -> String {
    let (code, out, err) = run(with(dir, &["serve", "--port", "0"], variables)).await;
    assert_eq!(code, Some(2), "{out}{err}");
    err
}

/// As Compose and CI pass what is not set.
#[tokio::test]
async fn an_empty_variable_is_unset() {
    let dir = tempfile::tempdir().unwrap();
    let empty = [
        ("DATABASE_URL", ""),
        ("DATABASE_READ_URL", ""),
        ("SECRET_KEY", ""),
        ("SECRET_KEY_PREVIOUS", " "),
        ("SECRET_KEY_FILE", ""),
        ("LOG_LEVEL", ""),
        ("BCRYPT_COST", ""),
        ("ALLOWED_ORIGINS", ""),
        ("GRAPHIQL", ""),
        ("OPENAI_API_KEY", ""),
        ("MODEL_BASE_URL", ""),
        ("METRICS_ADDRESS", ""),
    ];
    // An empty variable does not hide the file's.
    fs::write(dir.path().join(".env"), "PORT=0\n").unwrap();
    let serving = Serving::serve(with(
        dir.path(),
        &[],
        &[&empty[..], &[("PORT", ""), ("HOST", "")]].concat(),
    ));
    assert!(
        serving.output.contains("mula.db (SQLite)"),
        "{}",
        serving.output
    );
    assert_ne!(serving.address.port(), 8000);
    serving.signal("TERM");
    assert_eq!(serving.end().await.0, Some(0));
}

#[tokio::test]
async fn secrets_are_read_from_files() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, content: &str| {
        let path = dir.path().join(name);
        fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let secret = file("secret", &format!("{SECRET}\n"));
    let url = file("url", "sqlite://elsewhere.db\n");
    let serving = Serving::serve(with(
        dir.path(),
        &["--port", "0"],
        &[
            ("ENVIRONMENT", "production"),
            ("SECRET_KEY_FILE", &secret),
            ("DATABASE_URL_FILE", &url),
        ],
    ));
    assert!(
        serving.output.contains("elsewhere.db (SQLite)"),
        "{}",
        serving.output
    );
    serving.signal("TERM");
    assert_eq!(serving.end().await.0, Some(0));

    let production = ("ENVIRONMENT", "production");
    let both = [
        production,
        ("SECRET_KEY_FILE", &*secret),
        ("SECRET_KEY", SECRET),
    ];
    let said = refused(dir.path(), &both).await;
    assert!(
        said.contains("SECRET_KEY and SECRET_KEY_FILE are both set"),
        "{said}"
    );
    assert!(!said.contains(SECRET), "{said}");
    let said = refused(dir.path(), &[production, ("SECRET_KEY_FILE", "/nope")]).await;
    assert!(
        said.contains("invalid SECRET_KEY_FILE \"/nope\": No such file"),
        "{said}"
    );
    let empty = file("empty", "\n");
    let said = refused(dir.path(), &[("OPENAI_API_KEY_FILE", &empty)]).await;
    assert!(said.contains("the file is empty"), "{said}");
    // What a file holds is shown nowhere.
    let help = with(dir.path(), &["--help"], &[("SECRET_KEY_FILE", &secret)]);
    assert!(!run(help).await.1.contains(SECRET));
}

#[tokio::test]
async fn every_secret_has_a_file() {
    use clap::Args;
    let settings = mula::config::RawSettings::augment_args(clap::Command::new("settings"));
    let dir = tempfile::tempdir().unwrap();
    let variables: Vec<_> = settings
        .get_arguments()
        .filter_map(|setting| setting.get_env()?.to_str().map(str::to_owned))
        .filter(|name| {
            ["_KEY", "_KEY_PREVIOUS", "PASSWORD", "_DSN"]
                .iter()
                .any(|end| name.ends_with(end))
                || name == "DATABASE_URL"
                || name == "DATABASE_READ_URL"
        })
        .map(|name| format!("{name}_FILE"))
        .collect();
    assert!(variables.len() >= 7, "{variables:?}");
    let variables: Vec<_> = variables.iter().map(|name| (&**name, "/nope")).collect();
    let said = refused(dir.path(), &variables).await;
    for (name, _) in variables {
        assert!(
            said.contains(&format!("invalid {name} \"/nope\"")),
            "{name}: {said}"
        );
    }
}

#[tokio::test]
async fn misspelt_names_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let around = [
        ("DATABSE_URL", "postgres://db/mula"),
        ("SECRET_KY", "hush"),
        ("LOGLEVEL", "x"),
    ];
    let said = refused(dir.path(), &around).await;
    for (wrong, right) in [
        ("DATABSE_URL", "DATABASE_URL"),
        ("SECRET_KY", "SECRET_KEY"),
        ("LOGLEVEL", "LOG_LEVEL"),
    ] {
        let named = format!("unknown setting {wrong} in the environment: write {right}");
        assert!(said.contains(&named), "{named} is not in {said}");
    }
    assert!(!said.contains("hush"), "{said}");
    // Kubernetes sets this for a Service called mula.
    let kubernetes = [
        ("MULA_PORT", "tcp://10.0.0.1:8000"),
        ("MULA_SERVICE_HOST", "10.0.0.1"),
    ];
    let status = with(dir.path(), &["migrate", "up"], &kubernetes);
    assert_eq!(run(status).await.0, Some(0));

    let file = "POR=99\nSECRET=hush\nbcrypt_cost=4\n\nPOSTGRES_PASSWORD=x\nOTEL_SDK_DISABLED=true\n\
                PGPASSWORD=x\nNAME=data\nDATA_DIR=${NAME}\n";
    fs::write(dir.path().join(".env"), file).unwrap();
    let said = refused(dir.path(), &[]).await;
    for named in [
        "unknown setting POR in .env, line 1: write PORT",
        "unknown setting SECRET in .env, line 2:",
        "unknown setting bcrypt_cost in .env, line 3: write BCRYPT_COST",
    ] {
        assert!(said.contains(named), "{named} is not in {said}");
    }
    assert_eq!(said.matches("unknown").count(), 3, "{said}");
    let (_, doctor, _) = run(mula(dir.path(), &["doctor", "--port", "0"])).await;
    assert_eq!(doctor.matches("unknown setting").count(), 3, "{doctor}");

    fs::write(dir.path().join(".env"), "PORT=0\n\nPORT=1\n").unwrap();
    let said = refused(dir.path(), &[]).await;
    assert!(
        said.contains(".env sets PORT twice, on lines 1 and 3"),
        "{said}"
    );
}

#[tokio::test]
async fn a_dollar_that_expands_to_nothing_is_a_warning() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join(".env"), "DATA_DIR=da$ta\n").unwrap();

    let (code, _, err) = run(mula(dir.path(), &["migrate", "up", "--log-format", "text"])).await;

    assert_eq!(code, Some(0), "{err}");
    assert!(
        err.contains(".env, line 1: $ta in the value of DATA_DIR expands to nothing"),
        "{err}"
    );
    fs::write(dir.path().join(".env"), "DATA_DIR='da$ta'\n").unwrap();
    let (_, _, err) = run(mula(dir.path(), &["migrate", "up"])).await;
    assert_eq!(err, "");
    assert!(dir.path().join("da$ta/mula.db").exists());
}

/// In a container it would be lost with it.
#[tokio::test]
async fn a_sqlite_file_in_production_is_on_a_mount_of_its_own() {
    use std::os::unix::fs::MetadataExt;
    let device = |path: &Path| fs::metadata(path).unwrap().dev();
    for dir in ["/var/tmp", "/dev/shm"] {
        let Ok(dir) = tempfile::tempdir_in(dir) else {
            continue;
        };
        let mut arguments = vec!["--port", "0", "--log-format", "text"];
        arguments.extend(["--environment", "production", "--secret-key", SECRET]);
        let serving = Serving::serve(mula(dir.path(), &arguments));
        serving.signal("TERM");
        let (_, log) = serving.end().await;
        assert_eq!(
            log.contains("is not on a mount of its own"),
            device(dir.path()) == device(Path::new("/")),
            "{log}"
        );
    }
}
