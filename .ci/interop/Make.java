import eu.europa.esig.dss.asic.cades.ASiCWithCAdESSignatureParameters;
import eu.europa.esig.dss.asic.cades.signature.ASiCWithCAdESService;
import eu.europa.esig.dss.asic.xades.ASiCWithXAdESSignatureParameters;
import eu.europa.esig.dss.asic.xades.signature.ASiCWithXAdESService;
import eu.europa.esig.dss.enumerations.ASiCContainerType;
import eu.europa.esig.dss.enumerations.DigestAlgorithm;
import eu.europa.esig.dss.enumerations.EncryptionAlgorithm;
import eu.europa.esig.dss.enumerations.SignatureAlgorithm;
import eu.europa.esig.dss.enumerations.SignatureLevel;
import eu.europa.esig.dss.enumerations.SignaturePackaging;
import eu.europa.esig.dss.model.DSSDocument;
import eu.europa.esig.dss.model.FileDocument;
import eu.europa.esig.dss.model.SignatureValue;
import eu.europa.esig.dss.model.ToBeSigned;
import eu.europa.esig.dss.model.x509.CertificateToken;
import eu.europa.esig.dss.service.crl.OnlineCRLSource;
import eu.europa.esig.dss.service.ocsp.OnlineOCSPSource;
import eu.europa.esig.dss.service.tsp.OnlineTSPSource;
import eu.europa.esig.dss.signature.AbstractSignatureParameters;
import eu.europa.esig.dss.spi.DSSUtils;
import eu.europa.esig.dss.spi.client.http.NativeHTTPDataLoader;
import eu.europa.esig.dss.spi.validation.CommonCertificateVerifier;
import eu.europa.esig.dss.spi.x509.CommonTrustedCertificateSource;
import eu.europa.esig.dss.spi.x509.aia.DefaultAIASource;
import eu.europa.esig.dss.xades.XAdESSignatureParameters;
import eu.europa.esig.dss.xades.signature.XAdESService;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.List;
import org.bouncycastle.jce.provider.BouncyCastleProvider;

/**
 * Lets EU DSS sign in the formats that we only verify: XAdES in each packaging, ASiC-S and ASiC-E with XAdES and CAdES, at
 * each level of the baseline.
 *
 * <p>{@code java Make FOLDER TSA <LIST}: FOLDER has root.pem, ca.pem, page.xml and note.txt; each line of LIST is {@code NAME TAB
 * SCHEME TAB KEYTYPE}, with the person's certificate in NAME.pem and the key in NAME.p8 (PKCS #8 in DER), SCHEME an
 * encryption algorithm of EU DSS. Answers, a line each, fields parted by tabs: {@code made FILE ORIGINAL} with the original
 * empty unless the signature is detached, or {@code fault FILE REASON}.
 */
public final class Make {
    private static final BouncyCastleProvider BC = new BouncyCastleProvider();
    private static final String[] LEVELS = {"B", "T", "LT", "LTA"};

    private final Path folder;
    private final DSSDocument page;
    private final DSSDocument note;
    private final XAdESService xades;
    private final ASiCWithXAdESService asicXAdES;
    private final ASiCWithCAdESService asicCAdES;
    private final CertificateToken issuer;

    private String name;
    private CertificateToken person;
    private PrivateKey key;
    private SignatureAlgorithm scheme;

    private Make(Path folder, String tsa) {
        this.folder = folder;
        page = new FileDocument(folder.resolve("page.xml").toFile());
        note = new FileDocument(folder.resolve("note.txt").toFile());
        issuer = certificate("ca.pem");
        CommonTrustedCertificateSource roots = new CommonTrustedCertificateSource();
        roots.addCertificate(certificate("root.pem"));
        NativeHTTPDataLoader loader = new NativeHTTPDataLoader();
        CommonCertificateVerifier v = new CommonCertificateVerifier();
        v.setTrustedCertSources(roots);
        v.setAIASource(new DefaultAIASource(loader));
        v.setOcspSource(new OnlineOCSPSource(loader));
        v.setCrlSource(new OnlineCRLSource(loader));
        OnlineTSPSource stamps = new OnlineTSPSource(tsa, loader);
        xades = new XAdESService(v);
        xades.setTspSource(stamps);
        asicXAdES = new ASiCWithXAdESService(v);
        asicXAdES.setTspSource(stamps);
        asicCAdES = new ASiCWithCAdESService(v);
        asicCAdES.setTspSource(stamps);
    }

    public static void main(String[] args) throws Exception {
        Make m = new Make(Path.of(args[0]), args[1]);
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line; (line = in.readLine()) != null; ) {
            m.load(line.split("\t", -1));
            for (String level : LEVELS) {
                for (SignaturePackaging p : SignaturePackaging.values()) {
                    m.xades(level, p);
                }
                for (ASiCContainerType c : ASiCContainerType.values()) {
                    m.container(level, c);
                }
            }
        }
        System.exit(0);
    }

    private CertificateToken certificate(String file) {
        return DSSUtils.loadCertificate(folder.resolve(file).toFile());
    }

    private void load(String[] f) throws Exception {
        name = f[0];
        person = certificate(name + ".pem");
        byte[] p8 = Files.readAllBytes(folder.resolve(name + ".p8"));
        key = KeyFactory.getInstance(f[2], BC).generatePrivate(new PKCS8EncodedKeySpec(p8));
        EncryptionAlgorithm e = EncryptionAlgorithm.valueOf(f[1]);
        scheme = SignatureAlgorithm.getAlgorithm(e, e == EncryptionAlgorithm.EDDSA ? DigestAlgorithm.SHA512 : DigestAlgorithm.SHA256);
    }

    private void person(AbstractSignatureParameters<?> p) {
        p.setSigningCertificate(person);
        p.setCertificateChain(person, issuer);
        p.setEncryptionAlgorithm(scheme.getEncryptionAlgorithm());
        p.setDigestAlgorithm(scheme.getDigestAlgorithm());
    }

    private SignatureValue sign(ToBeSigned b) throws Exception {
        Signature s = Signature.getInstance(scheme.getJCEId(), BC);
        s.initSign(key);
        s.update(b.getBytes());
        return new SignatureValue(scheme, s.sign());
    }

    private void xades(String level, SignaturePackaging packaging) {
        boolean detached = packaging == SignaturePackaging.DETACHED;
        made(level, packaging.name().toLowerCase() + ".xml", detached ? "page.xml" : "", () -> {
            XAdESSignatureParameters p = new XAdESSignatureParameters();
            person(p);
            p.setSignatureLevel(SignatureLevel.valueOf("XAdES_BASELINE_" + level));
            p.setSignaturePackaging(packaging);
            return xades.signDocument(page, p, sign(xades.getDataToSign(page, p)));
        });
    }

    private void container(String level, ASiCContainerType type) {
        List<DSSDocument> all = type == ASiCContainerType.ASiC_E ? List.of(page, note) : List.of(note);
        String end = type == ASiCContainerType.ASiC_E ? "e.asice" : "s.asics";
        made(level, "xades-" + end, "", () -> {
            ASiCWithXAdESSignatureParameters p = new ASiCWithXAdESSignatureParameters();
            person(p);
            p.setSignatureLevel(SignatureLevel.valueOf("XAdES_BASELINE_" + level));
            p.aSiC().setContainerType(type);
            return asicXAdES.signDocument(all, p, sign(asicXAdES.getDataToSign(all, p)));
        });
        made(level, "cades-" + end, "", () -> {
            ASiCWithCAdESSignatureParameters p = new ASiCWithCAdESSignatureParameters();
            person(p);
            p.setSignatureLevel(SignatureLevel.valueOf("CAdES_BASELINE_" + level));
            p.aSiC().setContainerType(type);
            return asicCAdES.signDocument(all, p, sign(asicCAdES.getDataToSign(all, p)));
        });
    }

    private interface Work {
        DSSDocument done() throws Exception;
    }

    private void made(String level, String form, String original, Work work) {
        String file = name + "_" + level + "_" + form;
        try {
            work.done().save(folder.resolve(file).toString());
            System.out.println("made\t" + file + "\t" + original);
        } catch (Exception e) {
            System.out.println("fault\t" + file + "\t" + e.toString().replaceAll("\\s+", " "));
        }
    }
}
