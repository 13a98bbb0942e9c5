//! The shim's process as its parent holds it: dropping it leaves no zombie. It ends nothing; the lifeline does.

/// The shim, which is never killed (it is what kills) and always reaped.
#[derive(Debug)]
pub(crate) struct ShimProcess(Option<std::process::Child>);

impl ShimProcess {
    /// Holds a shim that was started.
    pub(crate) const fn new(process: std::process::Child) -> Self {
        Self(Some(process))
    }

    /// Its process id; 0 once it was waited for.
    pub(crate) fn pid(&self) -> u32 {
        self.0.as_ref().map_or(0, std::process::Child::id)
    }

    /// Waits until it is gone.
    pub(crate) async fn wait(&mut self) {
        if let Some(mut process) = self.0.take() {
            let _ = tokio::task::spawn_blocking(move || process.wait()).await;
        }
    }
}

impl Drop for ShimProcess {
    fn drop(&mut self) {
        if let Some(mut process) = self.0.take()
            && !matches!(process.try_wait(), Ok(Some(_)))
        {
            // It is about to end, since its lifeline is; a thread waits for it, so that no zombie stays.
            let _ = std::thread::Builder::new().name("shim".to_owned()).spawn(move || process.wait());
        }
    }
}
