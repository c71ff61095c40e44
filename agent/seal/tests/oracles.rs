//! Files exchanged with independent implementations: the `age` crate for the format and X25519, the `hpke` crate
//! (plugged into `age`) for `mlkem768x25519`.
#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::collections::HashSet;
use std::io::{Read, Write};

use age::{DecryptError, Decryptor, EncryptError, Encryptor};
use age_core::format::{FileKey, Stanza};
use age_core::secrecy::ExposeSecret;
use airhatch_seal::{CHUNK, Identity, SealWriter, UnsealReader};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
use hpke::aead::ChaCha20Poly1305;
use hpke::kdf::HkdfSha256;
use hpke::kem::XWing;
use hpke::{Deserializable, Kem, OpModeR, OpModeS, Serializable, single_shot_open, single_shot_seal};

const SIZES: [usize; 8] = [0, 1, 63, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 200_000];
const INFO: &[u8] = b"age-encryption.org/mlkem768x25519";

fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|index| (index % 251) as u8).collect()
}

fn ours_seals(plain: &[u8], identity: &Identity) -> Vec<u8> {
    let mut writer = SealWriter::new(Vec::new(), &[identity.recipient()]).unwrap();
    writer.write_all(plain).unwrap();
    writer.finish().unwrap()
}

fn ours_opens(sealed: &[u8], identity: &Identity) -> Vec<u8> {
    let mut plain = Vec::new();
    UnsealReader::new(sealed, std::slice::from_ref(identity)).unwrap().read_to_end(&mut plain).unwrap();
    plain
}

fn theirs_seals(plain: &[u8], recipient: &dyn age::Recipient) -> Vec<u8> {
    let mut sealed = Vec::new();
    let mut writer =
        Encryptor::with_recipients(std::iter::once(recipient)).unwrap().wrap_output(&mut sealed).unwrap();
    writer.write_all(plain).unwrap();
    writer.finish().unwrap();
    sealed
}

fn theirs_opens(sealed: &[u8], identity: &dyn age::Identity) -> Vec<u8> {
    let mut plain = Vec::new();
    let decryptor = Decryptor::new(sealed).unwrap();
    decryptor.decrypt(std::iter::once(identity)).unwrap().read_to_end(&mut plain).unwrap();
    plain
}

/// `mlkem768x25519` on the `hpke` crate, for a public key.
struct HpkeRecipient(<XWing as Kem>::PublicKey);

impl age::Recipient for HpkeRecipient {
    fn wrap_file_key(&self, file_key: &FileKey) -> Result<(Vec<Stanza>, HashSet<String>), EncryptError> {
        let (share, body) = single_shot_seal::<ChaCha20Poly1305, HkdfSha256, XWing>(
            &OpModeS::Base,
            &self.0,
            INFO,
            file_key.expose_secret(),
            b"",
        )
        .unwrap();
        let stanza =
            Stanza { tag: "mlkem768x25519".to_owned(), args: vec![BASE64.encode(share.to_bytes())], body };
        Ok((vec![stanza], HashSet::from(["postquantum".to_owned()])))
    }
}

/// `mlkem768x25519` on the `hpke` crate, for a private key.
struct HpkeIdentity(<XWing as Kem>::PrivateKey);

impl age::Identity for HpkeIdentity {
    fn unwrap_stanza(&self, stanza: &Stanza) -> Option<Result<FileKey, DecryptError>> {
        assert_eq!(stanza.tag, "mlkem768x25519");
        let [share] = stanza.args.as_slice() else { return None };
        let share = <XWing as Kem>::EncappedKey::from_bytes(&BASE64.decode(share).unwrap()).unwrap();
        let key = single_shot_open::<ChaCha20Poly1305, HkdfSha256, XWing>(
            &OpModeR::Base,
            &self.0,
            &share,
            INFO,
            &stanza.body,
            b"",
        )
        .ok()?;
        Some(Ok(FileKey::new(Box::new(key.try_into().unwrap()))))
    }
}

#[test]
fn x25519_files_are_exchanged_with_the_age_crate() {
    let ours = Identity::generate_x25519().unwrap();
    let theirs: age::x25519::Identity = ours.to_bech32().parse().unwrap();
    assert_eq!(theirs.to_public().to_string(), ours.recipient().to_string());
    for size in SIZES {
        let plain = pattern(size);
        assert!(theirs_opens(&ours_seals(&plain, &ours), &theirs) == plain, "ours, {size} bytes");
        assert!(
            ours_opens(&theirs_seals(&plain, &theirs.to_public()), &ours) == plain,
            "theirs, {size} bytes"
        );
    }
}

#[test]
fn hybrid_files_are_exchanged_with_the_age_and_hpke_crates() {
    let ours = Identity::generate_hybrid().unwrap();
    let private = <XWing as Kem>::PrivateKey::from_bytes(ours.to_seed().as_slice()).unwrap();
    let public = XWing::sk_to_pk(&private);
    assert_eq!(public.to_bytes().as_slice(), ours.recipient().to_bytes());
    for size in SIZES {
        let plain = pattern(size);
        let sealed = ours_seals(&plain, &ours);
        assert!(theirs_opens(&sealed, &HpkeIdentity(private.clone())) == plain, "ours, {size} bytes");
        let sealed = theirs_seals(&plain, &HpkeRecipient(public.clone()));
        assert!(ours_opens(&sealed, &ours) == plain, "theirs, {size} bytes");
    }
}
