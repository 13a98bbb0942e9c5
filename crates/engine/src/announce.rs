//! The one stream: what is recorded, and lossy news between records. Every face reads this and nothing else.

use mao_core::event::Recorded;
use mao_core::ids::{AttemptNo, StepId};
use mao_providers::provider::Progress;
use tokio::sync::mpsc;

/// How many pieces of news may wait for a slow face before further ones are dropped.
const NEWS_WAITING: usize = 256;

/// Something that a face may show.
#[derive(Debug, Clone)]
pub enum Announcement {
    /// It is in the ledger.
    Recorded(Box<Recorded>),
    /// It happened and will be forgotten.
    News(News),
}

/// Live news of an attempt.
#[derive(Debug, Clone)]
pub struct News {
    /// The step.
    pub step: StepId,
    /// Which attempt of it.
    pub attempt: AttemptNo,
    /// What happened.
    pub progress: Progress,
}

/// The sending side: never blocks the engine.
#[derive(Debug, Clone)]
pub struct Announcer {
    records: mpsc::UnboundedSender<Recorded>,
    news: mpsc::Sender<News>,
}

/// The receiving side.
#[derive(Debug)]
pub struct Stream {
    records: mpsc::UnboundedReceiver<Recorded>,
    news: mpsc::Receiver<News>,
}

/// A stream's two sides.
#[must_use]
pub fn stream() -> (Announcer, Stream) {
    let (records, records_in) = mpsc::unbounded_channel();
    let (news, news_in) = mpsc::channel(NEWS_WAITING);
    (Announcer { records, news }, Stream { records: records_in, news: news_in })
}

impl Announcer {
    pub(crate) fn recorded(&self, recorded: Recorded) {
        // A face that went away is no reason to stop.
        drop(self.records.send(recorded));
    }

    pub(crate) fn news(&self, news: News) {
        drop(self.news.try_send(news));
    }
}

impl Stream {
    /// A record that waits already; news that nobody read is gone.
    pub fn try_next(&mut self) -> Option<Announcement> {
        self.records.try_recv().ok().map(|recorded| Announcement::Recorded(Box::new(recorded)))
    }

    /// The next announcement, records before news; `None` once the engine is gone.
    pub async fn next(&mut self) -> Option<Announcement> {
        tokio::select! {
            biased;
            recorded = self.records.recv() => recorded.map(|recorded| Announcement::Recorded(Box::new(recorded))),
            Some(news) = self.news.recv() => Some(Announcement::News(news)),
        }
    }
}
