//! Whether a SQLite file outlives its container: it does on a mount of its own.

use std::path::Path;

use crate::config::{DatabaseSettings, Environment};

/// A warning about a SQLite file on the root file system, in production or in a container. systemd's
/// state directory is kept, and gives none.
pub(super) fn warning(database: &DatabaseSettings, environment: Environment) -> Option<String> {
    let path = database.sqlite_path()?;
    let folder = path.parent()?;
    let is_kept = std::env::var_os("STATE_DIRECTORY").is_some();
    let matters = environment == Environment::Production || is_container();
    (matters && !is_kept && is_on_root(folder)).then(|| {
        format!(
            "{} is not on a mount of its own: a container loses it when it is replaced. Mount a \
             volume at {}, or set DATABASE_URL to a PostgreSQL",
            path.display(),
            folder.display()
        )
    })
}

fn is_container() -> bool {
    let markers = ["/.dockerenv", "/run/.containerenv"];
    let variables = [
        "container",
        "KUBERNETES_SERVICE_HOST",
        "RAILWAY_ENVIRONMENT",
        "RENDER",
    ];
    markers.iter().any(|marker| Path::new(marker).exists())
        || variables
            .iter()
            .any(|name| std::env::var_os(name).is_some())
}

/// Of a folder that is not there yet, where it will be made.
#[cfg(unix)]
fn is_on_root(folder: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let device = |path: &Path| path.metadata().ok().map(|metadata| metadata.dev());
    let Ok(folder) = std::path::absolute(folder) else {
        return false;
    };
    let here = folder.ancestors().find_map(device);
    here.is_some() && here == device(Path::new("/"))
}

#[cfg(not(unix))]
fn is_on_root(_: &Path) -> bool {
    false
}
