//! The one contract between the engine and whatever reaches a model.

use async_trait::async_trait;
use mao_core::fault::Fault;
use mao_core::ids::ProviderId;
use mao_core::reply::Usage;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::path::PathBuf;
use std::time::Duration;
use tokio::sync::mpsc;

/// Takes a job and says what happens until it is done.
#[async_trait]
pub trait Provider: Debug + Send + Sync {
    /// Its name in routes and records.
    fn id(&self) -> &ProviderId;

    /// What it can do, and whether it can be used on this machine at all.
    fn abilities(&self) -> &Abilities;

    /// Starts a job. Dropping the `Turn` begins the end of every process it started; `end().await` waits until the
    /// tree of processes is empty.
    async fn start(&self, job: Job) -> Result<Turn, Fault>;
}

/// What a provider can do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Abilities {
    /// The program it runs, absolute; `None` where there is none to run.
    pub program: Option<PathBuf>,
    /// Why it cannot be used here: `codex is not on PATH`. `None` when it can.
    pub unusable: Option<String>,
    /// Whether it can edit files in a worktree.
    pub edits: bool,
    /// Whether it can carry a JSON schema natively.
    pub schema: bool,
    /// Whether it can carry an effort.
    pub effort: bool,
}

/// What a model may do with the job's directory. External models never get more than the orchestrator's vendor does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Read the directory.
    Read,
    /// Read and write the directory.
    Write,
}

/// Which pool pays for a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Billing {
    /// The login that the command line holds; API keys in the environment are withheld.
    Subscription,
    /// The API key in the environment, passed on to this vendor's command line alone.
    Api,
}

/// One attempt, ready to be made.
#[derive(Debug, Clone)]
pub struct Job {
    /// The step and attempt as people see them: `work.2.storage#1`.
    pub label: String,
    /// The step's id, which keys a script.
    pub step: String,
    /// How many attempts of this step are acknowledged already, which keys a script.
    pub acknowledged: u32,
    /// The vendor's own name of the model.
    pub endpoint: String,
    /// The effort, in the family's own words.
    pub effort: Option<String>,
    /// The whole prompt.
    pub prompt: String,
    /// The JSON schema that the answer must fit.
    pub schema: Option<serde_json::Value>,
    /// Where it works.
    pub cwd: PathBuf,
    /// What it may do there.
    pub access: Access,
    /// A directory of its own for temporary files; the caller deletes it.
    pub scratch: PathBuf,
    /// Further paths that it may read: the run's object store.
    pub reads: Vec<PathBuf>,
    /// A UUID drawn for it and recorded: the CLI's session id where one can be given, and the nonce in its argv.
    pub session: String,
    /// Its timers.
    pub timers: Timers,
    /// Who pays.
    pub billing: Billing,
    /// The environment that children inherit from; each implementation passes on only what its allow-list names.
    pub environment: BTreeMap<String, String>,
    /// Where the raw transcript is written.
    pub transcript: PathBuf,
}

/// When to stop waiting. All are our own: no vendor's tool can be trusted to time out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timers {
    /// Until the first event.
    pub first_byte: Duration,
    /// Between events.
    pub idle: Duration,
    /// In all, the drain of pipes included.
    pub total: Duration,
    /// From TERM to KILL.
    pub grace: Duration,
}

/// Live, lossy news of a turn. Never recorded, never folded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// The CLI said its session id.
    Session(String),
    /// The model said something (one printable line, cut).
    Said(String),
    /// The model used a tool (one printable line, cut).
    Tool(String),
    /// The CLI waits or tries again by itself.
    Retrying(String),
}

/// One live attempt.
#[derive(Debug)]
pub struct Turn {
    progress: mpsc::Receiver<Progress>,
    work: tokio::task::JoinHandle<TurnEnd>,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
}

impl Turn {
    /// A turn from its news, its work and the sender whose drop (or message) stops the work. The work must end by
    /// itself soon after `stop` fires, its processes gone.
    #[must_use]
    pub const fn new(
        progress: mpsc::Receiver<Progress>,
        work: tokio::task::JoinHandle<TurnEnd>,
        stop: tokio::sync::oneshot::Sender<()>,
    ) -> Self {
        Self { progress, work, stop: Some(stop) }
    }

    /// The next news; `None` once there will be no more.
    pub async fn news(&mut self) -> Option<Progress> {
        self.progress.recv().await
    }

    /// Asks the work to stop. `end` still says what came of it.
    pub fn stop(&mut self) {
        self.stop.take();
    }

    /// Waits until the work is over and every process it started is gone.
    pub async fn end(mut self) -> TurnEnd {
        self.progress.close();
        let ended = (&mut self.work).await;
        drop(self.stop.take());
        match ended {
            Ok(end) => end,
            Err(broken) => TurnEnd {
                result: Err(Fault::new(mao_core::fault::FaultKind::Crashed, broken.to_string())),
                session: None,
                containment: "none: the turn broke".into(),
                exit: None,
                usage: Usage::default(),
            },
        }
    }
}

/// What came of a turn.
#[derive(Debug)]
pub struct TurnEnd {
    /// The reply, or what went wrong.
    pub result: Result<Reply, Fault>,
    /// The CLI's own session id, where it said one.
    pub session: Option<String>,
    /// What really contained the processes: `tree: supervised; writes: landlock; reads: landlock`.
    pub containment: String,
    /// The exit code of the process; `None` where a signal or we ended it, or there was none.
    pub exit: Option<i32>,
    /// What was counted until the end, also where it failed.
    pub usage: Usage,
}

/// A model's reply in every vendor's case.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// The last message.
    pub text: String,
    /// Its structured form, where a schema was given: parsed, not yet judged by the workflow.
    pub structured: Option<serde_json::Value>,
    /// The model that the vendor says served it.
    pub served: Option<String>,
    /// What it cost.
    pub usage: Usage,
    /// The effort that was really sent.
    pub effort_sent: Option<String>,
}
