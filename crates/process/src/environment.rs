//! The environment of a child: an allow-list of names. It never passes on what looks like a secret, unless the caller
//! names it.

use std::collections::BTreeMap;
use std::ffi::OsString;

/// Names that pass as they are.
const NAMES: &[&str] = &[
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "LANG",
    "TZ",
    "PORT",
    "MAO_PORT",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "no_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "NODE_EXTRA_CA_CERTS",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "CARGO_HOME",
    "RUSTUP_HOME",
    "RUSTUP_TOOLCHAIN",
    "JAVA_HOME",
    "GOPATH",
    "GOMODCACHE",
    "NVM_DIR",
    "XDG_CONFIG_HOME",
    "XDG_CONFIG_DIRS",
    "XDG_DATA_HOME",
    "XDG_DATA_DIRS",
    "XDG_STATE_HOME",
    "XDG_CACHE_HOME",
];

/// Parts of names that look like a secret.
const SECRET: &[&str] = &["KEY", "TOKEN", "SECRET", "PASSWORD", "PASSWD", "CREDENTIAL"];

/// What of `from` a child may have, plus the names in `extra`: home, user, locale, time zone, proxies, certificate
/// files, toolchain and XDG directories; `PATH` with its absolute entries only; `TERM=dumb`. In the order of names.
///
/// A name that looks like a secret passes only when it stands in `extra`.
#[must_use]
pub fn allowed(from: &BTreeMap<String, String>, extra: &[&str]) -> Vec<(OsString, OsString)> {
    let mut kept: BTreeMap<&str, String> = BTreeMap::new();
    for (name, value) in from {
        let listed = NAMES.contains(&name.as_str()) || name.starts_with("LC_");
        if extra.contains(&name.as_str()) || (listed && !looks_secret(name)) {
            kept.insert(name, value.clone());
        }
    }
    if let Some(path) = from.get("PATH") {
        kept.insert("PATH", absolute_entries(path));
    }
    kept.insert("TERM", "dumb".to_owned());
    kept.into_iter().map(|(name, value)| (OsString::from(name), OsString::from(value))).collect()
}

/// Whether a variable of this name is withheld from children and from records: `KEY`, `TOKEN`, `SECRET`, `PASSWORD`,
/// `PASSWD` or `CREDENTIAL` stands in it, in any case.
#[must_use]
pub fn looks_secret(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    SECRET.iter().any(|part| upper.contains(part))
}

/// A relative or empty entry of `PATH` means the working directory, which is the repository's.
fn absolute_entries(path: &str) -> String {
    path.split(':').filter(|entry| entry.starts_with('/')).collect::<Vec<_>>().join(":")
}
