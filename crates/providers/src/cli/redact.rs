//! Keeping the environment's secrets out of transcripts, replies and hints. It knows values, not shapes: what looks
//! like a key and is not one of ours passes.

use mao_process::environment::looks_secret;
use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::path::Path;

/// What stands in a secret's place.
const MARK: &str = "[redacted]";
/// Shorter values are words, not secrets.
const LEAST: usize = 8;
/// Bytes read at once.
const CHUNK: usize = 256 * 1024;

/// The secret values of a job's environment, longest first.
#[derive(Clone, Default)]
pub struct Secrets(Vec<String>);

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Secrets({})", self.0.len())
    }
}

impl Secrets {
    /// Those of `environment`, by the look of their names.
    #[must_use]
    pub fn of(environment: &BTreeMap<String, String>) -> Self {
        let looks = environment.iter().filter(|(name, value)| looks_secret(name) && value.len() >= LEAST);
        let mut values: Vec<String> = looks.map(|(_, value)| value.clone()).collect();
        values.sort_by_key(|value| std::cmp::Reverse(value.len()));
        values.dedup();
        Self(values)
    }

    /// `text` without them.
    #[must_use]
    pub fn redact(&self, text: String) -> String {
        self.0.iter().fold(text, |text, secret| {
            if text.contains(secret.as_str()) { text.replace(secret.as_str(), MARK) } else { text }
        })
    }

    /// `bytes` without them.
    #[must_use]
    pub fn redact_bytes(&self, bytes: Vec<u8>) -> Vec<u8> {
        if self.0.is_empty() { bytes } else { self.clean(bytes) }
    }

    /// Rewrites a file without them, in bounded memory; secrets that lie across two chunks included.
    ///
    /// # Errors
    /// When the file cannot be read or replaced. It is then removed: no transcript is better than a key in one.
    pub(super) fn redact_file(&self, path: &Path) -> io::Result<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        let clean = path.with_extension("redacting");
        let done = self.copy(path, &clean).and_then(|()| std::fs::rename(&clean, path));
        if done.is_err() {
            let _ = std::fs::remove_file(&clean);
            let _ = std::fs::remove_file(path);
        }
        done
    }

    fn copy(&self, from: &Path, to: &Path) -> io::Result<()> {
        use std::os::unix::fs::OpenOptionsExt;
        let mut from = std::fs::File::open(from)?;
        let file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(to)?;
        let mut to = io::BufWriter::new(file);
        let longest = self.0.first().map_or(0, String::len);
        let mut held: Vec<u8> = Vec::new();
        let mut chunk = vec![0; CHUNK];
        loop {
            let count = from.read(&mut chunk)?;
            held.extend_from_slice(&chunk[..count]);
            held = self.clean(held);
            // All but what may be the beginning of a secret can go.
            let keep = if count == 0 { 0 } else { longest.saturating_sub(1).min(held.len()) };
            let sure = held.len() - keep;
            to.write_all(&held[..sure])?;
            held.drain(..sure);
            if count == 0 {
                return to.into_inner()?.sync_all();
            }
        }
    }

    /// One pass, whatever their number: a byte that begins no secret costs one look.
    fn clean(&self, bytes: Vec<u8>) -> Vec<u8> {
        let mut begins = [false; 256];
        for secret in &self.0 {
            if let Some(first) = secret.as_bytes().first() {
                begins[usize::from(*first)] = true;
            }
        }
        let found = |at: usize| self.0.iter().find(|secret| bytes[at..].starts_with(secret.as_bytes()));
        let mut out: Vec<u8> = Vec::new();
        let mut from = 0;
        let mut at = 0;
        while let Some(step) = bytes[at..].iter().position(|&byte| begins[usize::from(byte)]) {
            at += step;
            match found(at) {
                None => at += 1,
                Some(secret) => {
                    out.extend_from_slice(&bytes[from..at]);
                    out.extend_from_slice(MARK.as_bytes());
                    at += secret.len();
                    from = at;
                }
            }
        }
        if from == 0 {
            return bytes;
        }
        out.extend_from_slice(&bytes[from..]);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets() -> Secrets {
        let environment = [("OPENAI_API_KEY", "sk-secret-0001"), ("LANG", "en_US.UTF-8"), ("X_TOKEN", "short")];
        Secrets::of(&environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    #[test]
    fn only_values_of_secret_names_go() {
        let text = "key sk-secret-0001 in en_US.UTF-8, short".to_owned();
        assert_eq!(secrets().redact(text), "key [redacted] in en_US.UTF-8, short");
        assert_eq!(format!("{:?}", secrets()), "Secrets(1)");
    }

    #[test]
    fn a_secret_across_two_chunks_goes_too() -> io::Result<()> {
        let directory = tempfile::tempdir()?;
        let path = directory.path().join("transcript");
        for lead in [CHUNK - 14, CHUNK - 13, CHUNK - 7, CHUNK - 1, CHUNK] {
            let text = format!("{}sk-secret-0001{}sk-secret-0001", "a".repeat(lead), "b".repeat(CHUNK));
            std::fs::write(&path, text)?;
            secrets().redact_file(&path)?;
            let clean = std::fs::read_to_string(&path)?;
            assert_eq!(clean, format!("{}{MARK}{}{MARK}", "a".repeat(lead), "b".repeat(CHUNK)), "lead {lead}");
        }
        Ok(())
    }
}
