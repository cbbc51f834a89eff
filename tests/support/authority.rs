//! A certificate authority of a test's own, made by `openssl`.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

const SETTINGS: &str = "
[ca]
default_ca = here
[here]
new_certs_dir = .
database = index
rand_serial = yes
default_md = sha256
policy = any
copy_extensions = copy
unique_subject = no
[any]
commonName = supplied
";

pub struct Authority {
    /// Its files are there alone.
    dir: PathBuf,
}

impl Authority {
    pub fn new(beside: &Path, name: &str) -> Self {
        let dir = beside.join(name);
        fs::create_dir(&dir).unwrap();
        fs::write(dir.join("settings"), SETTINGS).unwrap();
        fs::write(dir.join("index"), "").unwrap();
        let authority = Self { dir };
        authority.openssl(&format!(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN={name} \
             -keyout ca.key -out ca.pem"
        ));
        authority
    }

    /// Its own certificate.
    pub fn file(&self) -> PathBuf {
        self.dir.join("ca.pem")
    }

    /// A certificate for a name, such as `DNS:localhost`, with its key beside it.
    pub fn issue(&self, file: &str, name: &str) -> PathBuf {
        self.sign(file, name, "-days 2")
    }

    pub fn issue_expired(&self, file: &str, name: &str) -> PathBuf {
        self.sign(
            file,
            name,
            "-startdate 20200101000000Z -enddate 20200201000000Z",
        )
    }

    fn sign(&self, file: &str, name: &str, validity: &str) -> PathBuf {
        self.openssl(&format!(
            "req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN={file} -addext \
             subjectAltName={name} -keyout {file}.key -out {file}.csr"
        ));
        self.openssl(&format!(
            "ca -config settings -batch -notext -cert ca.pem -keyfile ca.key {validity} -in {file}.csr \
             -out {file}.pem"
        ));
        self.dir.join(file).with_extension("pem")
    }

    fn openssl(&self, arguments: &str) {
        let done = Command::new("openssl")
            .args(arguments.split_whitespace())
            .current_dir(&self.dir)
            .output()
            .unwrap();
        let error = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "openssl {arguments}: {error}");
    }
}
