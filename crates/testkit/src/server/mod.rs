//! The fake model server: three vendors' protocols on one loopback port, played from a script.
//!
//! It answers what a script says and nothing else: a request without a marker, a missing turn or a prompt that does
//! not fit is an error to the client and a [`Seen::problem`] in the log. It never leaves loopback and keeps no secret:
//! headers that carry one are logged as `redacted`.
//!
//! The vendors' forms stand in `anthropic.rs`, `openai.rs` and `gemini.rs`, each an implementation of `Dialect`.

mod anthropic;
mod dialect;
mod gemini;
mod http;
mod log;
mod openai;
mod play;

pub use log::Seen;

use log::Log;
use mao_providers::script::Script;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use tokio::sync::oneshot;

/// What the server runs on.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The port of 127.0.0.1; 0: any.
    pub port: u16,
    /// A file that every request is appended to, one JSON object a line.
    pub log: Option<PathBuf>,
}

/// A running server. It stops when it is dropped.
#[derive(Debug)]
pub struct FakeServer {
    url: String,
    log: Arc<Log>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl FakeServer {
    /// Starts on any port, in a thread and runtime of its own, so that blocking tests can use it too.
    ///
    /// # Errors
    /// When no socket can be bound or no thread started.
    pub fn start(script: Script) -> io::Result<Self> {
        Self::start_with(script, Settings { port: 0, log: None })
    }

    /// Starts with settings.
    ///
    /// # Errors
    /// As [`FakeServer::start`], or when the log file cannot be opened.
    pub fn start_with(script: Script, settings: Settings) -> io::Result<Self> {
        let log = Arc::new(Log::new(settings.log.as_deref())?);
        let listener = std::net::TcpListener::bind(("127.0.0.1", settings.port))?;
        listener.set_nonblocking(true)?;
        let url = format!("http://{}", listener.local_addr()?);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let player = Arc::new(play::Player::new(script, Arc::clone(&log)));
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::Builder::new().name("fake-model-server".into()).spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    () = http::serve(listener, player) => {}
                    _ = stopped => {}
                }
            });
        })?;
        Ok(Self { url, log, stop: Some(stop), thread: Some(thread) })
    }

    /// `http://127.0.0.1:PORT`, without a slash at its end.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Every request so far, in the order of their arrival.
    #[must_use]
    pub fn requests(&self) -> Vec<Seen> {
        self.log.seen()
    }

    /// The requests that played a turn of `step`.
    #[must_use]
    pub fn requests_of(&self, step: &str) -> Vec<Seen> {
        self.requests().into_iter().filter(|seen| seen.step.as_deref() == Some(step)).collect()
    }

    /// What did not fit the script, one line each; empty in a test that went as it was written.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        self.requests().into_iter().filter_map(|seen| seen.problem).collect()
    }
}

impl Drop for FakeServer {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}
