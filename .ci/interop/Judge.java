import eu.europa.esig.dss.diagnostic.DiagnosticData;
import eu.europa.esig.dss.diagnostic.EvidenceRecordWrapper;
import eu.europa.esig.dss.diagnostic.SignatureWrapper;
import eu.europa.esig.dss.diagnostic.TimestampWrapper;
import eu.europa.esig.dss.diagnostic.jaxb.XmlDigestMatcher;
import eu.europa.esig.dss.enumerations.DigestMatcherType;
import eu.europa.esig.dss.enumerations.TokenExtractionStrategy;
import eu.europa.esig.dss.jaxb.object.Message;
import eu.europa.esig.dss.model.DSSDocument;
import eu.europa.esig.dss.model.FileDocument;
import eu.europa.esig.dss.simplereport.SimpleReport;
import eu.europa.esig.dss.service.crl.OnlineCRLSource;
import eu.europa.esig.dss.service.ocsp.OnlineOCSPSource;
import eu.europa.esig.dss.spi.DSSUtils;
import eu.europa.esig.dss.spi.client.http.NativeHTTPDataLoader;
import eu.europa.esig.dss.spi.validation.CommonCertificateVerifier;
import eu.europa.esig.dss.spi.x509.CommonTrustedCertificateSource;
import eu.europa.esig.dss.spi.x509.aia.DefaultAIASource;
import eu.europa.esig.dss.validation.SignedDocumentValidator;
import java.io.BufferedReader;
import java.io.File;
import java.io.FileInputStream;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider;
import org.verapdf.pdfa.Foundries;
import org.verapdf.pdfa.PDFAParser;
import org.verapdf.pdfa.flavours.PDFAFlavour;
import org.verapdf.pdfa.results.ValidationResult;

/**
 * Lets other people's verifiers judge files, one JVM for all of them.
 *
 * <p>{@code java Judge ROOT.pem… <LIST}: each line of LIST is {@code file TAB original TAB ask}, the original empty
 * unless the signature is detached, several of them parted by "|"; "ask" lets EU DSS ask the addresses in the certificates about revocation, anything
 * else keeps it from opening a socket. Answers, a line each, fields parted by tabs:
 * {@code sig file id parent format indication subindication integrity errors warnings infos} for EU DSS,
 * {@code ers file id indication integrity} for what it finds of an evidence record's objects,
 * {@code err file reason} when it gives no verdict, {@code pdfa file flavour compliant rules} for veraPDF
 * for each PDF under {@code -Dpdfa=true}, by what it claims to be and once more as PDF/UA if it claims that too, and {@code end file milliseconds}.
 */
public final class Judge {
    private static final int SECONDS = 30;
    private static final boolean PDFA = Boolean.getBoolean("pdfa");
    private static final PrintStream OUT = new PrintStream(System.out, true, StandardCharsets.UTF_8);

    public static void main(String[] args) throws Exception {
        CommonTrustedCertificateSource roots = new CommonTrustedCertificateSource();
        for (String path : args) {
            roots.addCertificate(DSSUtils.loadCertificate(new File(path)));
        }
        VeraGreenfieldFoundryProvider.initialise();
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line; (line = in.readLine()) != null; ) {
            String[] f = line.split("\t", -1);
            bounded(f[0], f.length > 1 ? f[1] : "", f.length > 2 && f[2].equals("ask"), roots);
        }
        OUT.flush();
        System.exit(0); // a file that ran out of time may still hold a thread
    }

    /** Judges in a thread of its own: a file that takes too long is told and left behind. */
    private static void bounded(String file, String original, boolean ask, CommonTrustedCertificateSource roots) throws Exception {
        long start = System.nanoTime();
        FutureTask<List<String>> task = new FutureTask<>(() -> judge(file, original, ask, roots));
        Thread t = new Thread(null, task, "judge", 64L << 20);
        t.setDaemon(true);
        t.start();
        try {
            task.get(SECONDS, TimeUnit.SECONDS).forEach(OUT::println);
        } catch (TimeoutException e) {
            OUT.println(row("err", file, "no verdict within " + SECONDS + " seconds"));
        } catch (java.util.concurrent.ExecutionException e) {
            OUT.println(row("err", file, reason(e.getCause())));
        }
        OUT.println(row("end", file, Long.toString((System.nanoTime() - start) / 1_000_000)));
    }

    private static List<String> judge(String file, String original, boolean ask, CommonTrustedCertificateSource roots) throws Exception {
        List<String> rows = new ArrayList<>();
        CommonCertificateVerifier cv = new CommonCertificateVerifier(true);
        NativeHTTPDataLoader loader = new NativeHTTPDataLoader();
        cv.setAIASource(ask ? new DefaultAIASource(loader) : null);
        cv.setOcspSource(ask ? new OnlineOCSPSource(loader) : null);
        cv.setCrlSource(ask ? new OnlineCRLSource(loader) : null);
        cv.setTrustedCertSources(roots);
        SignedDocumentValidator v = SignedDocumentValidator.fromDocument(new FileDocument(file));
        v.setCertificateVerifier(cv);
        v.setTokenExtractionStrategy(TokenExtractionStrategy.NONE);
        if (!original.isEmpty()) {
            List<DSSDocument> originals = new ArrayList<>();
            for (String path : original.split("\\|")) {
                originals.add(new FileDocument(path));
            }
            v.setDetachedContents(originals);
        }
        var reports = v.validateDocument();
        DiagnosticData d = reports.getDiagnosticData();
        SimpleReport s = reports.getSimpleReport();
        for (SignatureWrapper w : d.getSignatures()) {
            SignatureWrapper parent = w.getParent();
            rows.add(verdict(file, w.getId(), parent == null ? "" : parent.getId(),
                    String.valueOf(w.getSignatureFormat()), signature(w), s));
        }
        for (TimestampWrapper w : d.getTimestampList()) {
            rows.add(verdict(file, w.getId(), "", "TST " + w.getType(), timestamp(w), s));
        }
        for (EvidenceRecordWrapper w : d.getEvidenceRecords()) {
            String found = digests(w.getDigestMatchers());
            rows.add(row("ers", file, w.getId(), String.valueOf(s.getIndication(w.getId())), found.isEmpty() ? "intact" : found));
        }
        if (PDFA && head(file).startsWith("%PDF")) {
            pdfa(file, rows);
        }
        return rows;
    }

    private static String verdict(String file, String id, String parent, String format, String integrity, SimpleReport s) {
        return row("sig", file, id, parent, format, String.valueOf(s.getIndication(id)), String.valueOf(s.getSubIndication(id)),
                integrity, say(s.getAdESValidationErrors(id)), say(s.getAdESValidationWarnings(id)), say(s.getAdESValidationInfo(id)));
    }

    /** The mathematics alone, as our own reports tell them: intact, broken or unknown, and what was seen. */
    private static String signature(SignatureWrapper w) {
        String found = digests(w.getDigestMatchers());
        if (w.getSigningCertificate() == null && w.isSignatureIntact() == false) {
            return "unknown: no signing certificate";
        }
        if (!found.isEmpty()) {
            return found;
        }
        return w.isSignatureIntact() ? "intact" : "broken: signature value";
    }

    private static String timestamp(TimestampWrapper w) {
        if (!w.isMessageImprintDataFound()) {
            return "unknown: stamped data not found";
        }
        if (!w.isMessageImprintDataIntact()) {
            return "broken: message imprint";
        }
        String found = digests(w.getDigestMatchers()); // of the files in a manifest too, and of an evidence record's objects
        if (!found.isEmpty()) {
            return found;
        }
        if (w.getSigningCertificate() == null) {
            return "unknown: no signing certificate";
        }
        return w.isSignatureIntact() ? "intact" : "broken: signature value";
    }

    private static String digests(List<XmlDigestMatcher> matchers) {
        for (XmlDigestMatcher m : matchers) {
            if (m.isDataFound() && !m.isDataIntact() && m.getType() != null) {
                return "broken: " + m.getType() + " " + m.getUri();
            }
        }
        for (XmlDigestMatcher m : matchers) { // an orphan is a leaf of an evidence record that belongs to some other document
            if (!m.isDataFound() && m.getType() != DigestMatcherType.EVIDENCE_RECORD_ORPHAN_REFERENCE) {
                return "unknown: not found: " + m.getType() + " " + m.getUri();
            }
        }
        return "";
    }

    private static void pdfa(String file, List<String> rows) throws Exception {
        try (InputStream in = new FileInputStream(file); PDFAParser p = Foundries.defaultInstance().createParser(in)) {
            if (p.getFlavour() == null || p.getFlavour().getId().equals("0")) {
                return;
            }
            ValidationResult r = Foundries.defaultInstance().createValidator(p.getFlavour(), false).validate(p);
            rows.add(row("pdfa", file, p.getFlavour().getId(), Boolean.toString(r.isCompliant()), r.getFailedChecks().keySet().toString()));
            if (new String(Files.readAllBytes(Path.of(file)), StandardCharsets.ISO_8859_1).contains("<pdfuaid:part>1<")) {
                r = Foundries.defaultInstance().createValidator(PDFAFlavour.PDFUA_1, false).validate(p);
                rows.add(row("pdfa", file, "ua1", Boolean.toString(r.isCompliant()), r.getFailedChecks().keySet().toString()));
            }
        } catch (Exception e) {
            rows.add(row("pdfa", file, "", "false", reason(e)));
        }
    }

    private static String head(String file) throws Exception {
        try (InputStream in = new FileInputStream(file)) {
            return new String(in.readNBytes(4), StandardCharsets.ISO_8859_1);
        }
    }

    private static String say(List<Message> messages) {
        List<String> words = new ArrayList<>();
        for (Message m : messages) {
            words.add(m.getKey() + " " + m.getValue());
        }
        return String.join(" | ", words);
    }

    private static String reason(Throwable e) {
        String s = e.getClass().getSimpleName() + ": " + e.getMessage();
        return e.getCause() == null ? s : s + " <- " + reason(e.getCause());
    }

    private static String row(String... fields) {
        List<String> clean = new ArrayList<>();
        for (String f : fields) {
            clean.add(f == null ? "" : f.replaceAll("[\\t\\r\\n]+", " "));
        }
        return String.join("\t", clean);
    }
}
