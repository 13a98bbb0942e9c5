//! SIGINT, SIGTERM and SIGHUP cancel the run that this process owns. A second one changes nothing: what was started has
//! its grace and no more, and this process does not leave before it is gone.

use crate::exit::Exit;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// What listens for signals.
#[derive(Debug)]
pub struct Signals {
    /// Says the signal's name once one came.
    pub cancel: watch::Receiver<Option<String>>,
    number: Arc<AtomicU8>,
}

impl Signals {
    /// Begins to listen.
    pub fn listen() -> std::io::Result<Self> {
        let (says, cancel) = watch::channel(None);
        let number = Arc::new(AtomicU8::new(0));
        for (kind, name, value) in [
            (SignalKind::interrupt(), "SIGINT", 2_u8),
            (SignalKind::terminate(), "SIGTERM", 15),
            (SignalKind::hangup(), "SIGHUP", 1),
        ] {
            let (says, number) = (says.clone(), Arc::clone(&number));
            let mut signals = signal(kind)?;
            tokio::spawn(async move {
                while signals.recv().await.is_some() {
                    number.store(value, Ordering::SeqCst);
                    drop(says.send(Some(name.to_owned())));
                }
            });
        }
        Ok(Self { cancel, number })
    }

    /// The exit code of the signal that came, if one did.
    #[must_use]
    pub fn exit(&self) -> Option<Exit> {
        match self.number.load(Ordering::SeqCst) {
            0 => None,
            number => Some(Exit::Signal(number)),
        }
    }
}
