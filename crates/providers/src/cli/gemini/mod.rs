//! Gemini, headless: `gemini -o stream-json` in a home of its own, because the tool takes a system settings file only
//! from root. There lie our settings and links to the user's login: no extensions, hooks, MCP servers, skills or
//! sub-agents, and the only tools are those named here. What of the workspace the tool would obey is not there while it
//! runs.

mod stream;

use crate::cli::stream::Stream;
use crate::cli::{Asked, CommandLine, Ground, Preflight, Reader, Sandbox, Vendor, drive, place};
use crate::provider::{Access, Billing, Job};
use mao_core::fault::{Fault, FaultKind};
use serde::Deserialize;
use serde_json::{Value, json};
use std::path::PathBuf;

/// Bytes of standard input that the tool reads; it cuts the rest silently.
const MOST_PROMPT: usize = 8 * 1024 * 1024;
/// The only tools that a reader is given.
const READING: &[&str] = &["list_directory", "read_file", "read_many_files", "grep_search", "glob"];
/// What a worker is given besides.
const WORKING: &[&str] = &["write_file", "replace", "run_shell_command"];
/// The login's files in the user's `.gemini`.
const LOGIN: &[&str] = &["oauth_creds.json", "google_accounts.json", "gemini-credentials.json", "installation_id"];

/// What matters of the user's `settings.json` here: how they log in.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Settings {
    security: Security,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Security {
    auth: Auth,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Auth {
    selected_type: Option<String>,
}

/// Google's command line.
#[derive(Debug, Clone, Copy)]
pub struct Tool;

impl Vendor for Tool {
    fn name(&self) -> &'static str {
        "gemini"
    }

    fn carries_schema(&self) -> bool {
        false
    }

    fn fits(&self, job: &Job) -> Result<(), Fault> {
        drive::at_most(prompt(job).len(), MOST_PROMPT, "bytes", self.name())
    }

    fn config(&self, job: &Job) -> Option<PathBuf> {
        Some(users(job)?.join("settings.json"))
    }

    fn preflight(&self, job: &Job, _ground: &Ground) -> Result<Option<Preflight>, Fault> {
        match job.billing {
            // A run without a login ends by itself, with code 41.
            Billing::Subscription => Ok(None),
            Billing::Api if vertex(job) || place::given(job, "GEMINI_API_KEY").is_some() => Ok(None),
            Billing::Api => Err(Fault::new(FaultKind::NotAuthenticated, "GEMINI_API_KEY is not set")),
        }
    }

    fn command_line(&self, job: &Job, ground: &Ground) -> CommandLine {
        let mode = match job.access {
            Access::Read => "default",
            Access::Write => "auto_edit",
        };
        let args = vec![
            format!("--model={}", job.endpoint),
            "--output-format=stream-json".to_owned(),
            "--skip-trust".to_owned(),
            format!("--approval-mode={mode}"),
            format!("--session-id={}", job.session),
            // Standard input comes before it.
            "--prompt=".to_owned(),
        ];
        let own: &[&str] = match job.billing {
            Billing::Subscription => &["GOOGLE_CLOUD_PROJECT"],
            Billing::Api => &[
                "GEMINI_API_KEY",
                "GOOGLE_API_KEY",
                "GOOGLE_GEMINI_BASE_URL",
                "GOOGLE_VERTEX_BASE_URL",
                "GOOGLE_GENAI_USE_VERTEXAI",
                "GOOGLE_CLOUD_PROJECT",
                "GOOGLE_CLOUD_LOCATION",
            ],
        };
        let mut env = place::environment(job, own);
        let home = job.scratch.join("gemini");
        env.insert("GEMINI_CLI_HOME".into(), home.to_string_lossy().into_owned());
        env.insert("GEMINI_CLI_NO_RELAUNCH".into(), "true".into());
        let mut links = Vec::new();
        let mut login = Vec::new();
        match (job.billing, users(job)) {
            (Billing::Subscription, Some(users)) => {
                for name in LOGIN {
                    links.push((home.join(".gemini").join(name), users.join(name)));
                    login.push(users.join(name));
                }
            }
            (Billing::Subscription, None) | (Billing::Api, Some(_) | None) => {}
        }
        CommandLine {
            args,
            env: env.into_iter().collect(),
            stdin: prompt(job),
            files: vec![(home.join(".gemini/settings.json"), settings(job, ground).to_string())],
            links,
            reads: login.clone(),
            writes: login,
            sandbox: Sandbox::Ours,
        }
    }

    fn reader(&self, asked: Asked) -> Box<dyn Reader> {
        Box::new(Stream::<stream::Said>::new(asked))
    }

    /// `--skip-trust` makes the tool trust the workspace once its settings are read: from then on `.gemini/.env` sets any
    /// variable (a proxy, an address, `BASH_ENV`), whatever `ignoreLocalEnv` says, and after ten seconds the settings
    /// there count too. Seen with 0.61.0.
    fn obeys(&self) -> &'static [&'static str] {
        &[".gemini"]
    }
}

/// Our settings: one try per request, nothing of anybody's beside the model and its tools.
fn settings(job: &Job, ground: &Ground) -> Value {
    let (tools, unasked): (Vec<&str>, &[&str]) = match job.access {
        Access::Read => (READING.to_vec(), &[]),
        Access::Write => ([READING, WORKING].concat(), WORKING),
    };
    let users: Settings = ground.config.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let login = match job.billing {
        Billing::Subscription => users.security.auth.selected_type.unwrap_or_else(|| "oauth-personal".to_owned()),
        Billing::Api if vertex(job) => "vertex-ai".to_owned(),
        Billing::Api => "gemini-api-key".to_owned(),
    };
    let mut settings = json!({
        "general": { "maxAttempts": 1, "enableAutoUpdate": false, "enableAutoUpdateNotification": false },
        "privacy": { "usageStatisticsEnabled": false },
        "telemetry": { "enabled": false },
        "security": { "auth": { "selectedType": login }, "environmentVariableRedaction": { "enabled": true } },
        "advanced": { "ignoreLocalEnv": true },
        "tools": { "core": tools, "allowed": unasked },
        "skills": { "enabled": false },
        "hooksConfig": { "enabled": false },
        "experimental": { "enableAgents": false, "autoMemory": false },
        "admin": {
            "mcp": { "enabled": false }, "extensions": { "enabled": false }, "skills": { "enabled": false },
        },
    });
    if let Some(effort) = &job.effort {
        // A number is a budget of tokens, a word is a level; which of them a model takes is its family's matter.
        let thinking = match effort.parse::<i64>() {
            Ok(budget) => json!({ "thinkingBudget": budget }),
            Err(_) => json!({ "thinkingLevel": effort.to_uppercase() }),
        };
        settings["modelConfigs"] = json!({ "overrides": [{
            "match": { "model": job.endpoint },
            "modelConfig": { "generateContentConfig": { "thinkingConfig": thinking } },
        }] });
    }
    settings
}

/// The prompt with the schema in words: the tool cannot carry one.
fn prompt(job: &Job) -> String {
    match &job.schema {
        None => job.prompt.clone(),
        Some(schema) => format!(
            "{}\n\nAnswer with one JSON value and nothing else, no code fence. It must fit this JSON schema:\n{schema}\n",
            job.prompt
        ),
    }
}

/// The user's own directory of the tool.
fn users(job: &Job) -> Option<PathBuf> {
    let home = place::given(job, "GEMINI_CLI_HOME").map(PathBuf::from).or_else(|| place::home(job))?;
    Some(home.join(".gemini"))
}

/// Whether the key is for the vendor's cloud.
fn vertex(job: &Job) -> bool {
    place::given(job, "GOOGLE_GENAI_USE_VERTEXAI") == Some("true")
}
