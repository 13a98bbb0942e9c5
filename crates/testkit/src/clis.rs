//! The real command lines in a sandbox, pointed at the fake model server.
//!
//! They are found, never installed: in the directory that `MAO_CLIS` names (`node_modules/.bin` of an npm
//! installation). Where it is not set, tests that need them say that they were skipped.

use crate::sandbox::Sandbox;
use crate::server::FakeServer;
use std::io;
use std::path::PathBuf;
use std::process::Command;

/// A command line of a vendor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cli {
    /// Claude Code (seen: 2.1.328).
    Claude,
    /// Codex (seen: 0.169.0).
    Codex,
    /// Gemini CLI (seen: 0.61.0).
    Gemini,
}

impl Cli {
    /// Its program's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Claude => "claude",
            Self::Codex => "codex",
            Self::Gemini => "gemini",
        }
    }

    /// The program, when `MAO_CLIS` names a directory that has it.
    #[must_use]
    pub fn find(self) -> Option<PathBuf> {
        let path = PathBuf::from(std::env::var_os("MAO_CLIS")?).join(self.name());
        path.exists().then_some(path)
    }

    /// Points it at `server`: sets the environment and writes the configuration in the sandbox's home that it needs.
    /// Nothing else is set, so that a test sees what its own command line does.
    ///
    /// # Errors
    /// When the configuration cannot be written.
    pub fn point(self, sandbox: &mut Sandbox, server: &FakeServer) -> io::Result<()> {
        let home = sandbox.home();
        match self {
            Self::Claude => {
                sandbox.set("ANTHROPIC_BASE_URL", server.url());
                sandbox.set("ANTHROPIC_API_KEY", "scripted");
                sandbox.set("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1");
                sandbox.set("CLAUDE_CODE_MAX_RETRIES", "0");
            }
            Self::Codex => {
                sandbox.set("SCRIPTED_KEY", "scripted");
                std::fs::create_dir_all(home.join(".codex"))?;
                let config = format!(
                    "model_provider = \"scripted\"\n\n[analytics]\nenabled = false\n\n[model_providers.scripted]\n\
                     name = \"scripted\"\nbase_url = \"{}/v1\"\nenv_key = \"SCRIPTED_KEY\"\nwire_api = \"responses\"\n\
                     request_max_retries = 0\nstream_max_retries = 0\n",
                    server.url()
                );
                std::fs::write(home.join(".codex/config.toml"), config)?;
            }
            Self::Gemini => {
                sandbox.set("GOOGLE_GEMINI_BASE_URL", server.url());
                sandbox.set("GEMINI_API_KEY", "scripted");
                sandbox.set("GEMINI_CLI_NO_RELAUNCH", "true");
                std::fs::create_dir_all(home.join(".gemini"))?;
                let settings = r#"{"security":{"auth":{"selectedType":"gemini-api-key"}},"privacy":{"usageStatisticsEnabled":false},"general":{"maxAttempts":1}}"#;
                std::fs::write(home.join(".gemini/settings.json"), settings)?;
            }
        }
        Ok(())
    }

    /// The plainest command that works headless and may edit and run; the prompt goes to its standard input. It ends
    /// after two minutes at the latest, so that no test hangs with it.
    #[must_use]
    pub fn command(self, sandbox: &Sandbox, program: &std::path::Path, model: &str) -> Command {
        let mut command = sandbox.command("timeout");
        command.args(["-k", "5", "120"]).arg(program);
        match self {
            Self::Claude => command.args([
                "-p",
                "--output-format",
                "stream-json",
                "--verbose",
                "--model",
                model,
                "--setting-sources",
                "",
                "--strict-mcp-config",
                "--permission-mode",
                "acceptEdits",
                "--allowedTools",
                "Bash",
            ]),
            Self::Codex => command.args(["exec", "--json", "-m", model, "-s", "danger-full-access", "-"]),
            Self::Gemini => {
                command.args(["--skip-trust", "-m", model, "-o", "stream-json", "--approval-mode", "yolo", "-p", ""])
            }
        };
        command
    }
}
