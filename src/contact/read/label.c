/* label.c - what files call the two sides of a conversation (read_impl.h).
 *
 * A label is compared in small letters, with one blank for every run of
 * blanks, '_' and '-'.  "Agent 2" and "Agent Smith" are an agent as well. */
#include "contact/read/read_impl.h"

#include "base/compiler.h"
#include "text/utf8.h"

#include <string.h>

/* Names of a role, separated by bars; en, es, fr, de, pt, it, nl. */
static const struct {
    wu_party_role role;
    const char *names;
} alias[] = {
    {WU_PARTY_AGENT,
     "|agent|agents|advisor|adviser|rep|representative|csr|support|operator|specialist|associate|"
     "assistant|consultant|clerk|staff|employee|technician|expert|helpdesk|help desk|"
     "customer service|customer support|customer care|support agent|service agent|human agent|"
     "call center agent|contact center agent|sales agent|sales rep|service rep|support rep|"
     "service representative|customer service representative|customer service agent|live agent|"
     "tech support|team member|"
     "agente|asesor|asesora|operador|operadora|representante|ejecutivo|ejecutiva|teleoperador|"
     "teleoperadora|empleado|empleada|soporte|gestor|gestora|agente humano|"
     "conseiller|conseillère|conseillere|téléconseiller|téléconseillère|opérateur|opératrice|"
     "operateur|operatrice|représentant|représentante|collaborateur|collaboratrice|"
     "conseiller clientèle|conseillère clientèle|chargé de clientèle|chargée de clientèle|"
     "agentin|mitarbeiter|mitarbeiterin|berater|beraterin|kundenberater|kundenberaterin|"
     "kundenbetreuer|kundenbetreuerin|kundenservice|kundendienst|sachbearbeiter|sachbearbeiterin|"
     "servicemitarbeiter|servicemitarbeiterin|"
     "atendente|assessor|assessora|consultor|consultora|funcionário|funcionária|suporte|"
     "operatore|consulente|addetto|addetta|assistente|rappresentante|"
     "medewerker|adviseur|"},
    {WU_PARTY_CUSTOMER,
     "|customer|customers|client|caller|user|end user|enduser|visitor|guest|consumer|cust|patient|"
     "buyer|shopper|subscriber|passenger|policyholder|"
     "cliente|clienta|usuario|usuaria|llamante|visitante|comprador|compradora|"
     "client(e)|client·e|clientes|appelant|appelante|utilisateur|utilisatrice|usager|visiteur|"
     "visiteuse|abonné|abonnée|"
     "kunde|kundin|anrufer|anruferin|benutzer|benutzerin|nutzer|nutzerin|gast|besucher|"
     "besucherin|kund:in|"
     "usuário|usuária|chamador|utente|chiamante|klant|beller|"},
    {WU_PARTY_BOT,
     "|bot|chatbot|chat bot|voicebot|voice bot|ivr|robot|virtual assistant|virtual agent|"
     "automated agent|digital assistant|custom bot|voice assistant|automated assistant|"
     "asistente virtual|agente virtual|assistant virtuel|agent virtuel|assistente virtuale|"
     "assistente virtual|sprachassistent|virtueller assistent|"},
    {WU_PARTY_SYSTEM, "|system|system message|sistema|système|systeme|automatic message|"},
    {WU_PARTY_SUPERVISOR,
     "|supervisor|supervisora|team lead|team leader|manager|superviseur|superviseuse|teamleiter|"
     "teamleiterin|vorgesetzter|vorgesetzte|supervisore|"},
};

size_t wu_label_normal(char out[WU_LABEL_MAX], wu_str s) {
    size_t n = 0;
    s = wu_utf8_trim(s);
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (n + 1 >= WU_LABEL_MAX) return 0;
        if (c == '|') return 0;
        if (c <= ' ' || c == '_' || c == '-') {
            if (n > 0 && out[n - 1] != ' ') out[n++] = ' ';
            continue;
        }
        if (c >= 'A' && c <= 'Z') c = (unsigned char)(c + 32);
        if (n > 0 && (unsigned char)out[n - 1] == 0xC3 && c >= 0x80 && c <= 0x9E && c != 0x97)
            c = (unsigned char)(c + 32);
        out[n++] = (char)c;
    }
    while (n > 0 && out[n - 1] == ' ') n--;
    return n;
}

/* The role whose list has these n bytes. */
static wu_party_role lookup(const char *s, size_t n) {
    char key[WU_LABEL_MAX + 2];
    if (n == 0 || n > WU_LABEL_MAX - 1) return WU_PARTY_UNKNOWN;
    key[0] = '|';
    memcpy(key + 1, s, n);
    key[n + 1] = '|';
    key[n + 2] = 0;
    for (size_t i = 0; i < WU_LEN(alias); i++)
        if (strstr(alias[i].names, key)) return alias[i].role;
    return WU_PARTY_UNKNOWN;
}

/* The role of the first n bytes that come before a blank; *rest is what follows it. */
static wu_party_role first_words(wu_str label, int n_word, wu_str *rest) {
    char s[WU_LABEL_MAX];
    label = wu_utf8_trim(label);
    size_t i = 0;
    for (; i < label.n; i++)
        if ((label.p[i] == ' ' || label.p[i] == '_' || label.p[i] == '-') && --n_word == 0) break;
    if (i == label.n) return WU_PARTY_UNKNOWN;
    *rest = wu_utf8_trim((wu_str){label.p + i + 1, label.n - i - 1});
    const size_t n = wu_label_normal(s, (wu_str){label.p, i});
    return lookup(s, n);
}

static bool is_number(wu_str s) {
    if (s.n == 1 && s.p[0] >= 'A' && s.p[0] <= 'Z') return true;
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < '0' || s.p[i] > '9') return false;
    return s.n > 0 && s.n <= 4;
}

wu_party_role wu_role_of_label(wu_str label) {
    char s[WU_LABEL_MAX];
    wu_str rest;
    wu_party_role r = lookup(s, wu_label_normal(s, label));
    if (r == WU_PARTY_UNKNOWN) {
        r = first_words(label, 1, &rest);
        if (r != WU_PARTY_UNKNOWN && !is_number(rest)) r = WU_PARTY_UNKNOWN;
    }
    return r;
}

wu_party_role wu_role_of_name(wu_str label) {
    wu_str rest;
    for (int n_word = 2; n_word >= 1; n_word--) {
        const wu_party_role r = first_words(label, n_word, &rest);
        if (r == WU_PARTY_UNKNOWN || rest.n == 0) continue;
        const unsigned char c = (unsigned char)rest.p[0];
        return (c >= 'A' && c <= 'Z') || c >= 0x80 ? r : WU_PARTY_UNKNOWN;
    }
    return WU_PARTY_UNKNOWN;
}

bool wu_label_is_generic(wu_str label) {
    static const char *const stem[] = {"speaker", "spk",      "sprecher", "hablante",    "locuteur",
                                       "falante", "parlante", "channel",  "participant", "party"};
    char s[WU_LABEL_MAX];
    size_t n = wu_label_normal(s, label), digits = n;
    while (digits > 0 && s[digits - 1] >= '0' && s[digits - 1] <= '9') digits--;
    const bool has_digits = digits < n;
    if (has_digits) n = digits;
    while (n > 0 && s[n - 1] == ' ') n--;
    for (size_t i = 0; i < WU_LEN(stem); i++)
        if (strlen(stem[i]) == n && memcmp(stem[i], s, n) == 0) return has_digits || i == 0;
    /* "speaker a" */
    return !has_digits && n == 9 && memcmp(s, "speaker ", 8) == 0;
}
