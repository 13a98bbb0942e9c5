//! Time and chance: the only place where the house draws either. Both are recorded before they are used.

use mao_core::ids::{RunId, Stamp};
use std::fmt::Debug;
use std::time::{SystemTime, UNIX_EPOCH};

/// What time it is.
pub trait Clock: Debug + Send + Sync {
    /// Now.
    fn now(&self) -> Stamp;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Stamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Stamp(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
    }
}

/// A clock that stands still: for tests that compare commits.
#[derive(Debug, Clone, Copy)]
pub struct FixedClock(pub Stamp);

impl Clock for FixedClock {
    fn now(&self) -> Stamp {
        self.0
    }
}

/// The system's source of random bits failed.
#[derive(Debug, thiserror::Error)]
#[error("the system gives no random bits: {0}")]
pub struct NoRandom(String);

fn bits() -> Result<[u8; 16], NoRandom> {
    let mut bits = [0; 16];
    getrandom::fill(&mut bits).map_err(|wrong| NoRandom(wrong.to_string()))?;
    Ok(bits)
}

/// A new run's id.
pub fn draw_run() -> Result<RunId, NoRandom> {
    bits().map(RunId::from_bits)
}

/// A random UUID (version 4) in its usual form: a session's id, and the nonce around foreign text.
pub fn draw_uuid() -> Result<String, NoRandom> {
    let mut bits = bits()?;
    bits[6] = (bits[6] & 0x0f) | 0x40;
    bits[8] = (bits[8] & 0x3f) | 0x80;
    let hex = RunId::from_bits(bits).to_string();
    Ok(format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_says_its_version() {
        let uuid = draw_uuid().unwrap();
        assert_eq!((uuid.len(), &uuid[14..15]), (36, "4"));
        assert_ne!(uuid, draw_uuid().unwrap());
    }
}
