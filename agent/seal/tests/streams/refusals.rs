//! What must not be sealed is not, and what was changed or cut does not open.

use std::io::{self, Read, Write};

use airhatch_seal::{
    CHUNK, MAX_RECIPIENTS, PayloadError, Recipient, SealError, SealWriter, TAG, UnsealError, UnsealReader,
    begin_seal, seal_small,
};

use super::{CLASSIC, HYBRID, INTERESTING_SIZES, open, pattern, seal};

#[test]
fn recipients_that_would_weaken_each_other_are_refused() {
    let mixed = [HYBRID.recipient(), CLASSIC.recipient()];
    assert!(matches!(begin_seal(&mixed), Err(SealError::MixedRecipients)));
    assert!(matches!(begin_seal(&[]), Err(SealError::NoRecipients)));
    let crowd = vec![CLASSIC.recipient(); MAX_RECIPIENTS + 1];
    assert!(matches!(begin_seal(&crowd), Err(SealError::TooManyRecipients)));
}

#[test]
fn a_recipient_of_low_order_is_refused() {
    let key =
        Recipient::from_hybrid_bytes(&[&HYBRID.recipient().to_bytes()[..1184], &[0; 32]].concat()).unwrap();
    assert!(matches!(seal_small(&key, b"x"), Err(SealError::UnusableRecipient)));
}

#[test]
fn a_stream_that_was_not_finished_does_not_open() {
    for size in INTERESTING_SIZES {
        let mut sealed = Vec::new();
        let mut writer = SealWriter::new(&mut sealed, &[CLASSIC.recipient()]).unwrap();
        writer.write_all(&pattern(size)).unwrap();
        writer.flush().unwrap();
        drop(writer);
        let result = open(&sealed[..], &CLASSIC).1;
        assert!(matches!(result, Err(UnsealError::Payload(PayloadError::Truncated { .. }))), "{size} bytes");
    }
}

#[test]
fn a_writer_that_failed_once_refuses_to_go_on() {
    /// Has room for so many bytes, then fails once.
    struct Full(usize, bool);
    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if bytes.len() > self.0 && !self.1 {
                self.1 = true;
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.0 = self.0.saturating_sub(bytes.len());
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut writer = SealWriter::new(Full(CHUNK, false), &[CLASSIC.recipient()]).unwrap();
    let error = writer.write_all(&pattern(2 * CHUNK)).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    assert!(writer.write_all(b"more").is_err());
    assert!(writer.finish().is_err());
}

#[test]
fn a_reader_s_failure_is_not_taken_for_damage() {
    struct Cut<'a>(&'a [u8]);
    impl Read for Cut<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            if self.0.is_empty() { Err(io::ErrorKind::ConnectionReset.into()) } else { self.0.read(out) }
        }
    }
    let sealed = seal(&pattern(CHUNK + 5), &[CLASSIC.recipient()]);
    for length in [10, 100, 1000, sealed.len() - 1] {
        let result = open(Cut(&sealed[..length]), &CLASSIC).1;
        assert!(
            matches!(result, Err(UnsealError::Io(error)) if error.kind() == io::ErrorKind::ConnectionReset)
        );
    }
}

#[test]
fn trailing_bytes_are_refused_after_every_kind_of_end() {
    for size in INTERESTING_SIZES {
        for extra in [1, TAG, TAG + 1, CHUNK + TAG] {
            let mut sealed = seal(&pattern(size), &[CLASSIC.recipient()]);
            sealed.extend(pattern(extra));
            let (released, result) = open(&sealed[..], &CLASSIC);
            assert!(matches!(result, Err(UnsealError::Payload(_))), "{size} bytes and {extra} more");
            assert!(pattern(size).starts_with(&released));
        }
    }
}

#[test]
fn a_refusal_is_repeated_on_every_later_read() {
    let mut sealed = seal(&pattern(10), &[CLASSIC.recipient()]);
    *sealed.last_mut().unwrap() ^= 1;
    let mut reader = UnsealReader::new(&sealed[..], std::slice::from_ref(&CLASSIC)).unwrap();
    for _ in 0..3 {
        let error = UnsealError::from(reader.read(&mut [0; 100]).unwrap_err());
        assert!(matches!(error, UnsealError::Payload(PayloadError::Damaged { chunk: 0 })));
    }
}

#[test]
fn no_bit_of_a_whole_file_can_change_unnoticed() {
    let sealed = seal(b"content", &[CLASSIC.recipient()]);
    for bit in 0..sealed.len() * 8 {
        let mut changed = sealed.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        let (released, result) = open(&changed[..], &CLASSIC);
        assert!(result.is_err() && released.is_empty(), "bit {bit}");
    }
}

#[test]
fn no_end_of_a_whole_file_can_be_cut_off_unnoticed() {
    let sealed = seal(b"content", &[HYBRID.recipient()]);
    for length in 0..sealed.len() {
        let (released, result) = open(&sealed[..length], &HYBRID);
        assert!(result.is_err() && released.is_empty(), "{length} bytes");
    }
}
