//! A file whose bytes this program sends to the warden itself, piece by piece.

use airhatch_wire::warden::{CHUNK_LIMIT, Choice, Command, Reply, Staged};
use airhatch_wire::{Blob, Email, Failure};

use super::unexpected;
use super::warden::WardenLink;

/// A file that grows at the warden's. Dropped, it goes away there, unless a staging took it.
pub(crate) struct Stream {
    link: WardenLink,
    account: Email,
    id: u32,
    taken: bool,
}

impl WardenLink {
    /// Begins a file of this name, for an account that will send it.
    ///
    /// # Errors
    /// What the warden refused with: [`airhatch_wire::Code::BadName`], [`airhatch_wire::Code::DiskFull`].
    pub(crate) async fn begin_stream(&self, account: Email, name: String) -> Result<Stream, Failure> {
        let mut call = self.send(Command::BeginStream { account: account.clone(), name }, None)?;
        let stream = Stream { link: self.clone(), account, id: call.id, taken: false };
        done(call.answer().await?.0)?;
        Ok(stream)
    }
}

impl Stream {
    /// Adds to its end.
    ///
    /// # Errors
    /// What the warden refused with: [`airhatch_wire::Code::DiskFull`].
    pub(crate) async fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        for piece in bytes.chunks(CHUNK_LIMIT) {
            let bytes = Blob::from(piece.to_vec());
            done(self.link.request(Command::Chunk { stream: self.id, bytes }).await?)?;
        }
        Ok(())
    }

    /// It is whole: stages it beside what was named, as [`WardenLink::stage`].
    ///
    /// # Errors
    /// Those of [`WardenLink::stage`].
    pub(crate) async fn stage(
        mut self,
        paths: Vec<Blob>,
        choice: Choice,
        progress: impl FnMut(u64, u64),
    ) -> Result<Staged, Failure> {
        let (link, account) = (self.link.clone(), self.account.clone());
        self.taken = true;
        link.stage_all(Command::Stage { account, paths, choice, stream: Some(self.id) }, progress).await
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        if !self.taken {
            // Nobody waits for the answer; when the link has ended the warden has removed it.
            let _ = self.link.send(Command::CancelStage { id: self.id }, None);
        }
    }
}

fn done(reply: Reply) -> Result<(), Failure> {
    if reply == Reply::Done { Ok(()) } else { Err(unexpected()) }
}
