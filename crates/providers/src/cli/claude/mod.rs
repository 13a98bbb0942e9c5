//! Claude Code, headless: `claude -p` with the stream on standard output. No settings, hooks, MCP servers, skills or
//! slash commands but its own; no tool that starts another model, reaches the web or schedules work.

mod stream;

use crate::cli::stream::Stream;
use crate::cli::{Asked, CommandLine, Ground, Preflight, Reader, Sandbox, Vendor, drive, place};
use crate::provider::{Access, Billing, Job};
use mao_core::fault::Fault;
use std::path::PathBuf;

/// Bytes of standard input that the tool takes; more of it ends with code 1.
const MOST_PROMPT: usize = 10 * 1024 * 1024;
/// The only built-in tools that a reader is given. The tool adds `TaskStop`, and `StructuredOutput` for a schema.
const READING: &str = "Read,Grep,Glob";
/// The only built-in tools that a worker is given.
const WORKING: &str = "Read,Grep,Glob,Edit,Write,NotebookEdit,Bash";
/// Tools that start, route or schedule other models' work, or reach the web; denied by name besides not being given.
const NEVER: &str = "Task,Agent,Workflow,SendMessage,RemoteTrigger,CronCreate,ScheduleWakeup,EnterWorktree,Monitor,\
                     Skill,WebFetch,WebSearch";

/// Anthropic's command line.
#[derive(Debug, Clone, Copy)]
pub struct Tool;

impl Vendor for Tool {
    fn name(&self) -> &'static str {
        "claude"
    }

    fn carries_schema(&self) -> bool {
        true
    }

    fn fits(&self, job: &Job) -> Result<(), Fault> {
        drive::at_most(job.prompt.len(), MOST_PROMPT, "bytes", self.name())
    }

    fn config(&self, _job: &Job) -> Option<PathBuf> {
        None
    }

    fn preflight(&self, _job: &Job, _ground: &Ground) -> Result<Option<Preflight>, Fault> {
        // A run without a login ends by itself within a second.
        Ok(None)
    }

    fn command_line(&self, job: &Job, _ground: &Ground) -> CommandLine {
        let (mode, tools) = match job.access {
            Access::Read => ("dontAsk", READING),
            Access::Write => ("acceptEdits", WORKING),
        };
        let mut args: Vec<String> = [
            "-p",
            "--output-format",
            "stream-json",
            "--verbose",
            "--setting-sources",
            "",
            "--strict-mcp-config",
            "--disable-slash-commands",
            "--permission-mode",
            mode,
            "--tools",
            tools,
            "--allowedTools",
            tools,
            "--disallowedTools",
            NEVER,
        ]
        .map(str::to_owned)
        .to_vec();
        args.push(format!("--session-id={}", job.session));
        args.push(format!("--model={}", job.endpoint));
        if let Some(effort) = &job.effort {
            args.push(format!("--effort={effort}"));
        }
        if let Some(schema) = &job.schema {
            args.push(format!("--json-schema={schema}"));
        }
        match job.access {
            Access::Read => {}
            // Only conversations that read are ever resumed.
            Access::Write => args.push("--no-session-persistence".to_owned()),
        }
        let own: &[&str] = match job.billing {
            Billing::Subscription => &["CLAUDE_CONFIG_DIR"],
            Billing::Api => &["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_BASE_URL"],
        };
        let mut env = place::environment(job, own);
        let fixed = [
            ("CLAUDE_CODE_DISABLE_BACKGROUND_TASKS", "1"),
            ("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1"),
            ("CLAUDE_CODE_MAX_RETRIES", "0"),
            ("DISABLE_AUTOUPDATER", "1"),
            ("ENABLE_TOOL_SEARCH", "false"),
        ];
        env.extend(fixed.map(|(name, value)| (name.to_owned(), value.to_owned())));
        // Until the first header of an answer. The stream's first event comes before the first request.
        env.insert("API_TIMEOUT_MS".into(), job.timers.first_byte.as_millis().min(i32::MAX as u128).to_string());
        let state = self.state(job, &mut env);
        CommandLine {
            args,
            env: env.into_iter().collect(),
            stdin: job.prompt.clone(),
            files: Vec::new(),
            links: Vec::new(),
            reads: state.clone(),
            writes: state,
            sandbox: Sandbox::Ours,
        }
    }

    fn reader(&self, asked: Asked) -> Box<dyn Reader> {
        Box::new(Stream::<stream::Said>::new(asked))
    }
}

impl Tool {
    /// Where the tool keeps its login and sessions. A subscription's login is renewed in place, so the real directory;
    /// with a key there is nothing to keep, and the user's own directory stays closed.
    fn state(&self, job: &Job, env: &mut std::collections::BTreeMap<String, String>) -> Vec<PathBuf> {
        match job.billing {
            Billing::Subscription => match place::given(job, "CLAUDE_CONFIG_DIR") {
                Some(directory) => vec![PathBuf::from(directory)],
                None => place::home(job)
                    .map(|home| vec![home.join(".claude"), home.join(".claude.json")])
                    .unwrap_or_default(),
            },
            Billing::Api => {
                let own = job.scratch.join("claude");
                env.insert("CLAUDE_CONFIG_DIR".into(), own.to_string_lossy().into_owned());
                Vec::new()
            }
        }
    }
}
