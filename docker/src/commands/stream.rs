//! Staging what the front sends itself.

use airhatch_wire::warden::{CHUNK_LIMIT, Choice, Reply};
use airhatch_wire::{Blob, Code, Email, Failure};

use super::{Outcome, Warden, blocking};
use crate::failure;
use crate::stage::Stream;

/// What a front wants staged.
#[derive(Debug)]
pub(crate) struct StageOrder {
    /// The account that will send.
    pub(crate) account: Email,
    /// What a person named.
    pub(crate) paths: Vec<Blob>,
    /// What of it is left out.
    pub(crate) choice: Choice,
    /// The id of a file that the front has sent.
    pub(crate) stream: Option<u32>,
}

impl Warden {
    /// Begins a file that has its place among the streams already.
    pub(crate) async fn begin_stream(&self, id: u32, account: Email, name: String) -> Outcome {
        let accounts = self.accounts.clone();
        let begun = blocking(move || {
            let (folders, _) = accounts.find(&account).map_err(failure::from_account)?;
            Stream::begin(&folders, name).map_err(failure::from_stage)
        })
        .await;
        let kept = begun.and_then(|stream| self.streams.put_back(id, stream));
        if kept.is_err() {
            self.streams.end(id);
        }
        kept.map(|()| (Reply::Done, None))
    }

    /// Adds to such a file; one that could not be written to is over.
    pub(super) async fn add_to_stream(&self, id: u32, bytes: Blob) -> Result<Reply, Failure> {
        if bytes.len() > CHUNK_LIMIT {
            let message = format!("a piece of a file has {} bytes, {CHUNK_LIMIT} are possible", bytes.len());
            return Err(Failure::new(Code::TooLarge, message).hint("send smaller pieces"));
        }
        let mut stream = self.streams.take(id, None)?;
        let written = blocking(move || {
            stream.write(&bytes).map_err(failure::from_stage)?;
            Ok(stream)
        })
        .await;
        let kept = written.and_then(|stream| self.streams.put_back(id, stream));
        if kept.is_err() {
            self.streams.end(id);
        }
        kept.map(|()| Reply::Done)
    }

    /// The file of a staging that begins. It is the staging's from here on.
    pub(super) fn take_stream(&self, id: u32, account: &Email) -> Result<Stream, Failure> {
        let stream = self.streams.take(id, Some(account))?;
        self.streams.end(id);
        Ok(stream)
    }
}
