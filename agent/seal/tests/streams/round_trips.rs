//! What was sealed opens, however it is read and written.

use std::io::{self, Read, Write};

use airhatch_seal::{
    CHUNK, Identity, MAX_RECIPIENTS, SealWriter, TAG, UnsealError, UnsealReader, seal_small, unseal_small,
};

use super::{CLASSIC, HYBRID, INTERESTING_SIZES, open, pattern, seal};

/// Gives and takes at most `step` bytes at a time, and interrupts every other call.
struct Dribble<T> {
    inner: T,
    step: usize,
    calls: usize,
}

impl<T> Dribble<T> {
    fn new(inner: T, step: usize) -> Self {
        Self { inner, step, calls: 0 }
    }

    fn interrupt(&mut self) -> io::Result<()> {
        self.calls += 1;
        if self.calls.is_multiple_of(2) { Err(io::ErrorKind::Interrupted.into()) } else { Ok(()) }
    }
}

impl<T: Read> Read for Dribble<T> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.interrupt()?;
        let length = out.len().min(self.step);
        self.inner.read(&mut out[..length])
    }
}

impl<T: Write> Write for Dribble<T> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.interrupt()?;
        self.inner.write(&bytes[..bytes.len().min(self.step)])
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[test]
fn interesting_sizes_come_back_for_both_kinds() {
    for identity in [&*HYBRID, &CLASSIC] {
        for size in INTERESTING_SIZES {
            let plain = pattern(size);
            let sealed = seal(&plain, &[identity.recipient()]);
            let (opened, result) = open(&sealed[..], identity);
            result.unwrap();
            assert!(opened == plain, "{size} bytes, {identity:?}");
        }
    }
}

#[test]
fn sealing_adds_exactly_a_header_and_a_tag_per_chunk() {
    let header = seal(b"", &[HYBRID.recipient()]).len() - TAG;
    for size in INTERESTING_SIZES {
        let chunks = size.div_ceil(CHUNK).max(1);
        assert_eq!(seal(&pattern(size), &[HYBRID.recipient()]).len(), header + size + chunks * TAG);
    }
}

#[test]
fn reads_and_writes_of_any_size_make_no_difference() {
    let plain = pattern(200_000);
    for step in [1000, CHUNK - 1, CHUNK, CHUNK + 1, 150_000] {
        let mut writer = SealWriter::new(Dribble::new(Vec::new(), 10_007), &[CLASSIC.recipient()]).unwrap();
        for part in plain.chunks(step) {
            writer.write_all(part).unwrap();
        }
        let sealed = writer.finish().unwrap().inner;

        let mut reader =
            UnsealReader::new(Dribble::new(&sealed[..], 9_973), std::slice::from_ref(&CLASSIC)).unwrap();
        let (mut opened, mut buffer) = (Vec::new(), vec![0; step]);
        loop {
            match reader.read(&mut buffer).unwrap() {
                0 => break,
                length => opened.extend_from_slice(&buffer[..length]),
            }
        }
        assert!(opened == plain, "steps of {step}");
        assert_eq!(reader.read(&mut buffer).unwrap(), 0, "the end stays the end");
    }
}

#[test]
fn every_recipient_opens_and_nobody_else() {
    let others = [Identity::generate_hybrid().unwrap(), Identity::generate_hybrid().unwrap()];
    let sealed = seal(b"for two", &[HYBRID.recipient(), others[0].recipient()]);
    assert_eq!(open(&sealed[..], &HYBRID).0, b"for two");
    assert_eq!(open(&sealed[..], &others[0]).0, b"for two");
    assert!(matches!(open(&sealed[..], &others[1]).1, Err(UnsealError::NoMatch)));
    assert!(matches!(open(&sealed[..], &CLASSIC).1, Err(UnsealError::NoMatch)));
    let mut reader =
        UnsealReader::new(&sealed[..], &[CLASSIC.clone(), others[1].clone(), HYBRID.clone()]).unwrap();
    assert_eq!(io::read_to_string(&mut reader).unwrap(), "for two");
}

#[test]
fn the_largest_allowed_crowd_still_opens() {
    let mut crowd = vec![Identity::generate_hybrid().unwrap().recipient(); MAX_RECIPIENTS - 1];
    crowd.push(HYBRID.recipient());
    assert_eq!(open(&seal(b"all", &crowd)[..], &HYBRID).0, b"all");
}

#[test]
fn small_things_are_sealed_at_once_and_bounded() {
    let sealed = seal_small(&HYBRID.recipient(), b"nonce").unwrap();
    assert_eq!(unseal_small(&HYBRID, &sealed, 5).unwrap().as_slice(), b"nonce");
    assert!(matches!(unseal_small(&HYBRID, &sealed, 4), Err(UnsealError::TooLong { limit: 4 })));
    assert_eq!(unseal_small(&HYBRID, &sealed, usize::MAX).unwrap().as_slice(), b"nonce");
}
