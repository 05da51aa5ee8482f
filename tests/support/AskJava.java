import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * Says what java.util.regex makes of patterns.
 *
 * Reads lines of three texts (pattern, text, replacement), each as the hexadecimal digits of its
 * UTF-16 units, with tabs between. Writes a line for each: "refused"; "broken" where Java itself fails; or the groups of a complete
 * match with commas between ("none" where there is no match, "-" for a group without a text), a
 * tab, and the text with everything replaced ("error" where Java throws).
 */
public class AskJava {
    public static void main(String[] args) throws Exception {
        BufferedReader in =
                new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
        PrintStream out = new PrintStream(System.out, false, "US-ASCII");
        String line;
        while ((line = in.readLine()) != null) {
            String[] asked = line.split("\t", -1);
            String answer;
            try {
                answer = answer(text(asked[0]), text(asked[1]), text(asked[2]));
            } catch (NullPointerException | StackOverflowError error) {
                answer = "broken";
            }
            out.println(answer);
        }
        out.flush();
    }

    private static String answer(String source, String text, String replacement) {
        Pattern pattern;
        try {
            pattern = Pattern.compile(source);
        } catch (PatternSyntaxException | IndexOutOfBoundsException error) {
            return "refused";
        }
        Matcher matcher = pattern.matcher(text);
        StringBuilder found = new StringBuilder();
        if (matcher.matches()) {
            for (int group = 0; group <= matcher.groupCount(); group++) {
                found.append(group == 0 ? "" : ",");
                String part = matcher.group(group);
                found.append(part == null ? "-" : hex(part));
            }
        } else {
            found.append("none");
        }
        String replaced;
        try {
            replaced = hex(pattern.matcher(text).replaceAll(replacement));
        } catch (IllegalArgumentException | IndexOutOfBoundsException error) {
            replaced = "error";
        }
        return found + "\t" + replaced;
    }

    private static String text(String hex) {
        StringBuilder text = new StringBuilder();
        for (int at = 0; at < hex.length(); at += 4) {
            text.append((char) Integer.parseInt(hex.substring(at, at + 4), 16));
        }
        return text.toString();
    }

    private static String hex(String text) {
        StringBuilder hex = new StringBuilder();
        for (char unit : text.toCharArray()) {
            hex.append(String.format("%04x", (int) unit));
        }
        return hex.toString();
    }
}
