//! Between the async world, where the connection lives, and the thread that reads, seals, opens and writes: a bounded
//! channel that looks like a file from the thread's side.

use std::io::{self, Read, Write};

use airhatch_wire::peer::SEALED_FRAME;
use bytes::{Buf, Bytes};
use tokio::sync::mpsc;

/// Frames on their way; each is up to [`SEALED_FRAME`] bytes.
pub const FRAMES: usize = 8;

/// The thread's end of a stream that arrives.
pub struct FrameReader {
    frames: mpsc::Receiver<Bytes>,
    current: Bytes,
}

impl FrameReader {
    /// Reads what the other end sends, until it is dropped.
    #[must_use]
    pub fn new(frames: mpsc::Receiver<Bytes>) -> Self {
        Self { frames, current: Bytes::new() }
    }
}

impl Read for FrameReader {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        while self.current.is_empty() {
            match self.frames.blocking_recv() {
                Some(frame) => self.current = frame,
                None => return Ok(0),
            }
        }
        let count = self.current.len().min(target.len());
        self.current.copy_to_slice(target.get_mut(..count).unwrap_or_default());
        Ok(count)
    }
}

/// The thread's end of a stream that leaves.
pub struct FrameWriter {
    frames: mpsc::Sender<Bytes>,
    buffer: Vec<u8>,
}

impl FrameWriter {
    /// Sends full frames as they fill, the rest on flush.
    #[must_use]
    pub fn new(frames: mpsc::Sender<Bytes>) -> Self {
        Self { frames, buffer: Vec::with_capacity(SEALED_FRAME) }
    }

    fn pass_on(&mut self) -> io::Result<()> {
        let full = std::mem::replace(&mut self.buffer, Vec::with_capacity(SEALED_FRAME));
        let gone = |_| io::Error::new(io::ErrorKind::BrokenPipe, "the connection is gone");
        self.frames.blocking_send(Bytes::from(full)).map_err(gone)
    }
}

impl Write for FrameWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = SEALED_FRAME - self.buffer.len();
        let taken = bytes.get(..room.min(bytes.len())).unwrap_or_default();
        self.buffer.extend_from_slice(taken);
        if self.buffer.len() == SEALED_FRAME {
            self.pass_on()?;
        }
        Ok(taken.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.buffer.is_empty() { Ok(()) } else { self.pass_on() }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn what_is_written_is_what_is_read_across_frame_borders() {
        for length in [0, 1, SEALED_FRAME - 1, SEALED_FRAME, SEALED_FRAME + 1, 3 * SEALED_FRAME + 5] {
            let content: Vec<u8> = (0..length).map(|n| u8::try_from(n % 251).unwrap()).collect();
            let (sender, receiver) = mpsc::channel(FRAMES);
            let mut writer = FrameWriter::new(sender);
            let expected = content.clone();
            let thread = std::thread::spawn(move || {
                writer.write_all(&content).unwrap();
                writer.flush().unwrap();
            });
            let mut read = Vec::new();
            FrameReader::new(receiver).read_to_end(&mut read).unwrap();
            thread.join().unwrap();
            assert!(read == expected, "{length} bytes");
        }
    }

    #[test]
    fn writing_to_a_connection_that_is_gone_is_an_error() {
        let (sender, receiver) = mpsc::channel(FRAMES);
        drop(receiver);
        let mut writer = FrameWriter::new(sender);
        writer.write_all(b"x").unwrap();
        assert_eq!(writer.flush().unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }
}
