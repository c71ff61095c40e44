//! From a thread that writes to the stream that the engine's client reads: a few pieces wait between the two, so that
//! neither runs ahead.

use std::io::{self, BufWriter, Write};

use bytes::Bytes;
use futures_util::Stream;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::{ImageError, Piece};

/// Bytes of a piece.
const PIECE: usize = 1 << 16;

/// Pieces that wait.
const WAITING: usize = 8;

/// The writing thread, which has its own end.
pub(super) struct Packing(JoinHandle<Result<(), ImageError>>);

impl Packing {
    /// Waits for its end; it comes at once when nobody reads any more.
    pub(super) async fn ended(self) -> Result<(), ImageError> {
        self.0.await.unwrap_or_else(|e| Err(io::Error::other(e).into()))
    }
}

/// Lets `pack` write. When it fails, the stream ends with an error, so that nothing takes what came for all there is.
pub(super) fn begin(
    pack: impl FnOnce(&mut dyn Write) -> Result<(), ImageError> + Send + 'static,
) -> (impl Stream<Item = Piece> + Send + 'static, Packing) {
    let (sender, mut pieces) = mpsc::channel(WAITING);
    let packing = tokio::task::spawn_blocking(move || {
        let mut to = BufWriter::with_capacity(PIECE, Pipe(sender.clone()));
        let packed = pack(&mut to).and_then(|()| to.flush().map_err(ImageError::from));
        if packed.is_err() {
            // What is left in the buffer is no use without the rest.
            let (Pipe(sender), _unfinished) = to.into_parts();
            let _nobody_reads = sender.blocking_send(Err(io::Error::other("the rest could not be read")));
        }
        packed
    });
    (futures_util::stream::poll_fn(move |context| pieces.poll_recv(context)), Packing(packing))
}

struct Pipe(mpsc::Sender<Piece>);

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let piece = Bytes::copy_from_slice(bytes);
        self.0.blocking_send(Ok(piece)).map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
