//! The words for who may see the work.

use clap::ValueEnum;

/// Who may see the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Privacy {
    /// Every vendor that is enabled
    Any,
    /// The orchestrator's vendor and this machine
    Home,
    /// This machine
    Local,
}

impl From<Privacy> for mao_policy::case::Privacy {
    fn from(privacy: Privacy) -> Self {
        match privacy {
            Privacy::Any => Self::Any,
            Privacy::Home => Self::HomeOnly,
            Privacy::Local => Self::LocalOnly,
        }
    }
}
