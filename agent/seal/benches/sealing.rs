//! How fast one core seals and opens 1 GiB in memory, against OpenSSL's bare ChaCha20-Poly1305.
//!
//! The yardstick is what `openssl speed -evp chacha20-poly1305 -bytes 65536` measures: `EVP_CipherUpdate` over one
//! 64 KiB block, again and again, with everything in the cache. Each figure is the median of five rounds; the three
//! kinds of round take turns, so that a busy machine slows them alike.
#![allow(clippy::unwrap_used, reason = "a benchmark may fail loudly")]

use std::hint::black_box;
use std::io::{self, Read, Write};
use std::time::Instant;

use airhatch_seal::{Identity, SealWriter, UnsealReader};
use openssl::cipher::Cipher;
use openssl::cipher_ctx::CipherCtx;

const TOTAL: usize = 1 << 30;
const BLOCK: usize = 64 * 1024;
/// How much is written and read at a time.
const STEP: usize = 1 << 20;
const ROUNDS: usize = 5;

fn main() {
    let identity = Identity::generate_hybrid().unwrap();
    let plain: Vec<u8> = (0..TOTAL).map(|index| (index % 251) as u8).collect();
    let sealed = seal(&plain, &identity, Vec::with_capacity(TOTAL + TOTAL / 1024));
    let (mut yardstick, mut sealing, mut opening) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        yardstick.push(rate(bare));
        sealing.push(rate(|| {
            black_box(seal(&plain, &identity, io::sink()));
        }));
        opening.push(rate(|| open(&sealed, &identity)));
    }
    let (yardstick, sealing, opening) = (median(yardstick), median(sealing), median(opening));
    println!("OpenSSL, 64 KiB blocks  {yardstick:7.0} MiB/s");
    println!("sealing 1 GiB           {sealing:7.0} MiB/s  {:5.1} %", 100.0 * sealing / yardstick);
    println!("opening 1 GiB           {opening:7.0} MiB/s  {:5.1} %", 100.0 * opening / yardstick);
}

/// What `openssl speed` does.
fn bare() {
    let mut context = CipherCtx::new().unwrap();
    context.encrypt_init(Some(Cipher::chacha20_poly1305()), Some(&[1; 32]), Some(&[2; 12])).unwrap();
    let (plain, mut sealed) = (vec![3; BLOCK], vec![0; BLOCK]);
    for _ in 0..TOTAL / BLOCK {
        context.cipher_update(black_box(&plain), Some(&mut sealed)).unwrap();
        black_box(&sealed);
    }
}

fn seal<W: Write>(plain: &[u8], identity: &Identity, out: W) -> W {
    let mut writer = SealWriter::new(out, &[identity.recipient()]).unwrap();
    for part in plain.chunks(STEP) {
        writer.write_all(black_box(part)).unwrap();
    }
    writer.finish().unwrap()
}

fn open(sealed: &[u8], identity: &Identity) {
    let mut reader = UnsealReader::new(sealed, std::slice::from_ref(identity)).unwrap();
    let (mut plain, mut total) = (vec![0; STEP], 0);
    loop {
        match reader.read(black_box(&mut plain)).unwrap() {
            0 => break,
            length => total += length,
        }
    }
    assert_eq!(total, TOTAL);
}

/// MiB per second for one round over [`TOTAL`] bytes.
fn rate(round: impl FnOnce()) -> f64 {
    let start = Instant::now();
    round();
    (TOTAL >> 20) as f64 / start.elapsed().as_secs_f64()
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or_default()
}
