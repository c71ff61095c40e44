//! The bare copy: this program and another process of it, TLS 1.3 between them, the file synced at the end. It checks
//! nobody's name, hashes nothing and seals nothing, so it is the least that an encrypted copy costs here.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use openssl::asn1::Asn1Time;
use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::ssl::{SslAcceptor, SslConnector, SslFiletype, SslMethod, SslVerifyMode, SslVersion};
use openssl::x509::{X509, X509Name};

use crate::disk::Work;

/// Its name in the report.
pub(crate) const NAME: &str = "bare TLS 1.3 copy";

/// The word with which this program starts itself as the receiving end.
pub(crate) const RECEIVER: &str = "bare-receiver";

/// How much is read and written at a time, bytes.
const STEP: usize = 1 << 18;

/// Sends a work's only file; how long it took until the other process had it on disk.
///
/// # Errors
/// Why it did not arrive.
pub(crate) async fn send(work: &Work, folder: &Path) -> Result<Duration, String> {
    let (file, target) = (work.file(), folder.join("bare-target"));
    let (key, certificate) = papers(folder);
    let sending = tokio::task::spawn_blocking(move || {
        let outcome = copy(&file, &key, &certificate, &target);
        std::fs::remove_file(&target)?;
        outcome
    });
    sending.await.unwrap().map_err(|error| error.to_string())
}

fn copy(file: &Path, key: &Path, certificate: &Path, target: &Path) -> io::Result<Duration> {
    let mut receiver = Command::new(std::env::current_exe()?)
        .arg(RECEIVER)
        .args([key, certificate, target])
        .stdout(Stdio::piped())
        .spawn()?;
    let mut port = String::new();
    BufReader::new(receiver.stdout.take().ok_or_else(|| io::Error::other("no pipe"))?)
        .read_line(&mut port)?;
    let port: u16 = port.trim().parse().map_err(io::Error::other)?;
    let mut connector = SslConnector::builder(SslMethod::tls_client())?;
    connector.set_min_proto_version(Some(SslVersion::TLS1_3))?;
    connector.set_verify(SslVerifyMode::NONE);
    let connector = connector.build();
    let begun = Instant::now();
    let stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_nodelay(true)?;
    let mut tls = connector.connect("localhost", stream).map_err(io::Error::other)?;
    let mut file = File::open(file)?;
    tls.write_all(&file.metadata()?.len().to_be_bytes())?;
    pump(&mut file, &mut tls, u64::MAX)?;
    tls.read_exact(&mut [0])?;
    let took = begun.elapsed();
    receiver.wait()?;
    Ok(took)
}

/// The receiving process: one file, synced, and one byte back.
pub(crate) fn receive(key: &Path, certificate: &Path, target: &Path) {
    let mut acceptor = SslAcceptor::mozilla_modern_v5(SslMethod::tls_server()).unwrap();
    acceptor.set_private_key_file(key, SslFiletype::PEM).unwrap();
    acceptor.set_certificate_chain_file(certificate).unwrap();
    let acceptor = acceptor.build();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    println!("{}", listener.local_addr().unwrap().port());
    let (stream, _) = listener.accept().unwrap();
    stream.set_nodelay(true).unwrap();
    let mut tls = acceptor.accept(stream).unwrap();
    let mut length = [0; 8];
    tls.read_exact(&mut length).unwrap();
    let mut file = File::create(target).unwrap();
    pump(&mut tls, &mut file, u64::from_be_bytes(length)).unwrap();
    file.sync_all().unwrap();
    File::open(target.parent().unwrap()).unwrap().sync_all().unwrap();
    tls.write_all(&[1]).unwrap();
}

fn pump(from: &mut impl Read, to: &mut impl Write, mut left: u64) -> io::Result<()> {
    let mut buffer = vec![0; STEP];
    while left > 0 {
        let most = usize::try_from(left).unwrap_or(usize::MAX).min(STEP);
        let length = from.read(&mut buffer[..most])?;
        if length == 0 {
            break;
        }
        to.write_all(&buffer[..length])?;
        left -= length as u64;
    }
    Ok(())
}

/// A key and a certificate that nobody has to believe.
fn papers(folder: &Path) -> (PathBuf, PathBuf) {
    let (key_file, certificate_file) = (folder.join("bare.key"), folder.join("bare.crt"));
    if !certificate_file.exists() {
        let key = PKey::generate_ed25519().unwrap();
        let mut name = X509Name::builder().unwrap();
        name.append_entry_by_text("CN", "localhost").unwrap();
        let name = name.build();
        let mut certificate = X509::builder().unwrap();
        certificate.set_version(2).unwrap();
        certificate.set_subject_name(&name).unwrap();
        certificate.set_issuer_name(&name).unwrap();
        certificate.set_pubkey(&key).unwrap();
        certificate.set_not_before(&Asn1Time::days_from_now(0).unwrap()).unwrap();
        certificate.set_not_after(&Asn1Time::days_from_now(1).unwrap()).unwrap();
        certificate.sign(&key, MessageDigest::null()).unwrap();
        std::fs::write(&key_file, key.private_key_to_pem_pkcs8().unwrap()).unwrap();
        std::fs::write(&certificate_file, certificate.build().to_pem().unwrap()).unwrap();
    }
    (key_file, certificate_file)
}
