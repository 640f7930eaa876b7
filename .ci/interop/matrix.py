"""What foreign verifiers say of the files that we sign.

    matrix.py sign CLI FOLDER      the practice card signs; the files, their root and list.tsv are left in FOLDER
    matrix.py list FOLDER          the list that Judge.java reads, on standard output
    matrix.py judge FOLDER…        FOLDER.tsv as Judge.java wrote it, and pyHanko: Markdown on standard output

Neither the practice authority nor the one of the tests publishes revocation data, so that no verifier can call a
signature valid. What is asked for is: the baseline level, intact, and no complaint but that one.
"""

import asyncio
import base64
import json
import logging
import os
import subprocess
import sys

import corpus

# Complaints that follow from authorities without revocation data and without a network, by the keys of EU DSS.
EXPECTED = {
    "BBB_XCV_SUB_ANS": "the validation of the certificate is not conclusive: follows from the next",
    "BBB_XCV_IRDPFC_ANS": "no revocation data: the authority publishes none",
    "BBB_XCV_AIA_PRES_ANS": "the certificate names no place where its issuer can be fetched: nor has the authority one",
    "BBB_XCV_REVOC_PRES_ANS": "the certificate names no place of revocation data: nor has the authority one",
}
BASELINE = {"CAdES-BASELINE-B", "PAdES-BASELINE-B", "XAdES-BASELINE-B"}
PRACTICE_PIN = b"12345\n"


def pdf():
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
               b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]/Resources<<>>>>"]
    body, at = b"%PDF-1.7\n", []
    for i, o in enumerate(objects, 1):
        at.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (i, o)
    table = b"".join(b"%010d 00000 n \n" % a for a in at)
    return body + b"xref\n0 4\n0000000000 65535 f \n" + table + b"trailer\n<</Size 4/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % len(body)


def sign(cli, folder):
    config = os.path.join(folder, "config")
    content = {"zero.bin": b"", "one.bin": b"x", "mebibyte.bin": bytes(range(256)) * 4096, "page.pdf": pdf()}
    lines = []
    for name, data in content.items():
        with open(os.path.join(folder, name), "wb") as f:
            f.write(data)
        ways = [["--format", "cades"], ["--format", "cades", "--detached"]]
        if name.endswith(".pdf"):
            ways += [["--format", "pades"]]
        for way in ways:
            done = card(cli, config, ["sign", "--json", *way, os.path.join(folder, name)])
            answer = json.loads(done.stdout)
            if done.returncode == 64:
                print(f"not yet on the command line: sign {' '.join(way)}", file=sys.stderr)
                continue
            if done.returncode != 0:
                sys.exit(f"signing {name} with {way}: {answer}")
            made = os.path.basename(answer["files"][0]["output"])
            lines.append(f"{made}\t{name if '--detached' in way else ''}\n")
    with open(os.path.join(folder, "list.tsv"), "w", encoding="utf-8") as f:
        f.writelines(lines)
    with open(os.path.join(config, "practice-card.json"), encoding="utf-8") as f:
        root = base64.b64decode(json.load(f)["Authorities"][0])
    with open(os.path.join(folder, "root.pem"), "wb") as f:
        f.write(b"-----BEGIN CERTIFICATE-----\n" + base64.encodebytes(root) + b"-----END CERTIFICATE-----\n")


def card(cli, config, args):
    r, w = os.pipe()
    os.write(w, PRACTICE_PIN)
    os.close(w)
    try:
        return subprocess.run([cli, args[0], "--demo", "--config", config, "--pin-fd", str(r), *args[1:]],
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, pass_fds=[r], check=False)
    finally:
        os.close(r)


def pairs(folder):
    with open(os.path.join(folder, "list.tsv"), encoding="utf-8") as f:
        for line in f:
            name, original = line.rstrip("\n").split("\t")
            yield os.path.join(folder, name), os.path.join(folder, original) if original else ""


def listing(folder):
    for file, original in pairs(folder):
        print(file, original, sep="\t")


def complaints(sig):
    """The complaints of EU DSS about one signature that nothing excuses."""
    said = [m for m in (sig["errors"] + " | " + sig["warnings"]).split(" | ") if m]
    bad = [m for m in said if m.split(" ")[0] not in EXPECTED]
    if sig["format"] not in BASELINE:
        bad.append("format " + sig["format"])
    if sig["integrity"] != "intact":
        bad.append(sig["integrity"])
    if sig["indication"] in ("TOTAL_FAILED", "FAILED"):
        bad.append(sig["sub"])
    return bad


def hanko(file, original, root):
    """What pyHanko says of every signature of a file, as (fault, words)."""
    from pyhanko.keys import load_cert_from_pemder
    from pyhanko_certvalidator import ValidationContext

    logging.disable(logging.CRITICAL)
    context = ValidationContext(trust_roots=[load_cert_from_pemder(root)], allow_fetching=False, revocation_mode="soft-fail")
    if file.endswith(".pdf"):
        return asyncio.run(hanko_pdf(file, context))
    return asyncio.run(hanko_cms(file, original, context))


async def hanko_pdf(file, context):
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.validation import async_validate_pdf_signature
    from pyhanko.sign.validation.settings import KeyUsageConstraints

    answers = []
    with open(file, "rb") as f:
        for embedded in PdfFileReader(f).embedded_signatures:
            usage = KeyUsageConstraints(key_usage={"non_repudiation"})
            s = await async_validate_pdf_signature(embedded, context, key_usage_settings=usage)
            words = f"{s.summary()} {s.coverage.name} {getattr(s.modification_level, 'name', '')}"
            answers.append((not s.bottom_line, words))
    return answers


async def hanko_cms(file, original, context):
    from asn1crypto import cms
    from pyhanko.sign.validation import async_validate_detached_cms
    from pyhanko.sign.validation.generic_cms import async_validate_cms_signature
    from pyhanko.sign.validation.settings import KeyUsageConstraints

    with open(file, "rb") as f:
        signed = cms.ContentInfo.load(f.read())["content"]
    if len(signed["signer_infos"]) != 1:
        return [(False, "pyHanko reads one signer only")]
    usage = KeyUsageConstraints(key_usage={"non_repudiation"})
    if not original:
        s = await async_validate_cms_signature(signed, validation_context=context, key_usage_settings=usage)
        return [(not (s.intact and s.valid and s.trusted), s.summary())]
    with open(original, "rb") as f:
        s = await async_validate_detached_cms(f, signed, context, key_usage_settings=usage)
    return [(not s.bottom_line, s.summary())]


def judge(*folders):
    faults, seen, rows = [], set(), []
    for folder in folders:
        dss, pdfa = corpus.read_dss(folder + ".tsv"), {}
        with open(folder + ".tsv", encoding="utf-8") as f:
            for line in f:
                r = line.rstrip("\n").split("\t")
                if r[0] == "pdfa":
                    pdfa[r[1]] = r[2:]
        for file, original in pairs(folder):
            name = os.path.basename(folder) + "/" + os.path.basename(file)
            verdict = dss.get(file, {"sigs": [], "err": "no verdict"})
            if verdict["err"] or not verdict["sigs"]:
                faults.append(f"{name}: EU DSS: {verdict['err'] or 'no signature'}")
            for s in verdict["sigs"]:
                faults += [f"{name}: EU DSS: {c}" for c in complaints(s)]
                seen.update(m.split(" ")[0] for m in (s["errors"] + " | " + s["warnings"]).split(" | ") if m)
            try:
                answers = hanko(file, original, os.path.join(folder, "root.pem"))
            except Exception as e:  # whatever a foreign program stumbles over is its answer
                answers = [(True, f"{type(e).__name__}: {e}")]
            faults += [f"{name}: pyHanko: {words}" for bad, words in answers if bad]
            archive = ""
            if file in pdfa and "pdfa" in name:
                flavour, good, rules = pdfa[file]
                archive = f"PDF/A-{flavour}" if good == "true" else f"not PDF/A-{flavour}: {rules}"
                if good != "true":
                    faults.append(f"{name}: veraPDF: {archive}")
            rows.append((name, corpus.tally(f"{s['format']} {s['integrity']} {s['indication']} {s['sub']}" for s in verdict["sigs"]),
                         corpus.tally(words for _, words in answers), archive))
    print("# What foreign verifiers say of what we sign\n\n| file | EU DSS | pyHanko | veraPDF |\n|---|---|---|---|")
    for row in rows:
        print("| " + " | ".join(c.replace("|", "/") for c in row) + " |")
    print("\n## Result\n\nComplaints of EU DSS that follow from authorities without revocation data:\n")
    for key in sorted(seen & EXPECTED.keys()):
        print(f"- `{key}`: {EXPECTED[key]}")
    print(f"\n{len(rows)} files, {len(faults)} faults.\n" + "".join(f"\n- {f}" for f in faults))
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    {"sign": sign, "list": listing, "judge": judge}[sys.argv[1]](*sys.argv[2:])
