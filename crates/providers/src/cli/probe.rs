//! What a diagnosis asks of each vendor's tool: whether it is signed in, and how a person puts it right. Data only.

/// One vendor's tool as a diagnosis sees it.
#[derive(Debug, Clone, Copy)]
pub struct Probe {
    /// Its name on PATH and in routes.
    pub name: &'static str,
    /// Whether the orchestrator is reached over it, so that nothing works without it.
    pub orchestrates: bool,
    /// The words that ask it whether it is signed in (exit code 0), where it can say so without a call.
    pub login: Option<&'static [&'static str]>,
    /// The command that installs it.
    pub install: &'static str,
    /// The command that signs in.
    pub sign_in: &'static str,
}

/// The tools that this room can drive. Login words as seen with claude 2.1.328, codex 0.169.0 and gemini 0.61.0.
pub const PROBES: [Probe; 3] = [
    Probe {
        name: "claude",
        orchestrates: true,
        login: Some(&["auth", "status"]),
        install: "npm install -g @anthropic-ai/claude-code",
        sign_in: "claude auth login",
    },
    Probe {
        name: "codex",
        orchestrates: false,
        login: Some(&["login", "status"]),
        install: "npm install -g @openai/codex",
        sign_in: "codex login",
    },
    Probe {
        name: "gemini",
        orchestrates: false,
        login: None,
        install: "npm install -g @google/gemini-cli",
        sign_in: "set GEMINI_API_KEY and `billing = \"api\"` under [transport.gemini]",
    },
];
