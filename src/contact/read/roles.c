/* roles.c - who is the agent: as the user says, or by what is said (read_impl.h).
 *
 * Each phrase of a table speaks for one side with a weight; a party's score is
 * the sum over the phrases that it uses, each counted once.  The difference of
 * two parties gives the confidence,
 *
 *     1 / (1 + exp(-difference))                                          (1)
 *
 * which tests/unit/test_contact_roles.c compares with how often it is right.
 * Only the beginning and the end of a conversation are looked at. */
#include "contact/read/read_impl.h"

#include "base/compiler.h"
#include "contact/exact.h"
#include "text/utf8.h"

#include <stdio.h>
#include <string.h>

enum {
    FIRST_TURNS = 60,
    LAST_TURNS = 12,
    TURN_BYTES = 800,
    MAX_PARTY_SEEN = 256,
    WHY_MAX = 160,
    USED_WORDS = 8
};

#define LEAST_CONFIDENCE 0.7

typedef struct phrase {
    float weight;      /* for the agent; below 0 for the customer */
    const char *words; /* between bars, as clean() makes them; each begins a word */
} phrase;

static const phrase phrases[] = {
    /* what opens and closes a service contact */
    {3.0f,
     "|thank you for calling|thanks for calling|thank you for contacting|thanks for contacting|"
     "how can i help|how may i help|how can i assist|how may i assist|how could i help|"
     "what can i do for you|what can i help you|how can we help|"
     "gracias por llamar|en qué puedo ayudar|en qué le puedo|cómo puedo ayudar|"
     "gracias por contactar|merci de votre appel|merci d'avoir appelé|"
     "comment puis je vous aider|en quoi puis je vous|que puis je faire pour vous|"
     "vielen dank für ihren anruf|danke für ihren anruf|wie kann ich ihnen helfen|"
     "was kann ich für sie tun|womit kann ich ihnen|wie kann ich helfen|"
     "come posso aiutar|in cosa posso esser|grazie per aver chiamato|como posso ajudar|"
     "obrigado por ligar|obrigada por ligar|"},
    {2.0f, "|is there anything else|anything else i can|anything else i could|anything else you|"
           "thank you for holding|thank you for your patience|thanks for holding|"
           "thank you for waiting|put you on hold|place you on hold|place you on a brief hold|"
           "bear with me|you're speaking with|you are speaking with|thank you for being a|"
           "algo más en|alguna otra cosa|puedo ayudarle en algo|gracias por su espera|"
           "gracias por esperar|le atiende|le habla|autre chose pour vous|je vous mets en attente|"
           "merci d'avoir patienté|merci de votre patience|je peux faire autre chose|"
           "sonst noch etwas für sie|noch etwas für sie tun|kann ich sonst noch|"
           "danke für ihre geduld|vielen dank für ihre geduld|posso fare altro|"
           "posso aiutarla|posso ajudar em mais|"},
    /* what is asked to know who is calling */
    {1.6f, "|may i have your|could i have your|can i have your|could i get your|can i get your|"
           "may i get your|could you give me your|can you give me your|please provide your|"
           "could you provide|can you provide|would you provide|can you verify|could you verify|"
           "please verify|can you confirm your|could you confirm your|verify your identity|"
           "for security purposes|your date of birth|last four digits|your full name|"
           "your account number|your order number|your phone number|your security|"
           "what is your name|what's your name|tell me your|"
           "me puede dar su|me podría dar su|me puede indicar|me indica su|me confirma su|"
           "podría confirmar|su número de cliente|su fecha de nacimiento|"
           "pouvez vous me donner|puis je avoir votre|pourriez vous me|pouvez vous me confirmer|"
           "votre numéro de|votre date de naissance|"
           "können sie mir bitte ihr|könnten sie mir bitte ihr|nennen sie mir bitte|"
           "darf ich ihre|darf ich ihren|ihre kundennummer|ihr geburtsdatum|"
           "posso avere il suo|può darmi il suo|mi può dire il suo|pode me informar|"},
    /* what is offered, done and reported */
    {1.1f, "|would you like|do you want me to|shall i|should i|let me check|let me look|let me see|"
           "let me pull|i can see that|i've located|i have located|i have found|i found|"
           "i'd be happy to|i would be happy to|i'll be happy to|happy to help|glad to help|"
           "i can help you|i can assist|i understand your|i apologize|i apologise|"
           "sorry for the inconvenience|sorry to hear|sorry to inform|i'm sorry about that|"
           "your request has been|has been submitted|has been processed|i've gone ahead|"
           "i have gone ahead|i will transfer you|i'll transfer you|transfer you to|one moment|"
           "just a moment|have a great|have a nice|have a good|have a wonderful|you're welcome|"
           "you are welcome|do you have a preference|what type of|what kind of|which area|"
           "there are no|does that work|unfortunately|we apologize|our system|"
           "permítame|un momento por favor|que tenga un buen|lamento|le puedo ofrecer|le gustaría|"
           "desea que|con mucho gusto|"
           "un instant|ne quittez pas|bonne journée|je suis désolé|je suis désolée|"
           "souhaitez vous|je vais vérifier|je vérifie|avec plaisir|"
           "einen moment bitte|einen augenblick|schönen tag|es tut mir leid|das tut mir leid|"
           "möchten sie|ich sehe hier|ich prüfe das|gerne helfe ich|ich verbinde sie|"
           "un attimo|buona giornata|mi dispiace|desidera|vuole che|"},
    /* what brings people to call */
    {-1.6f, "|i would like to|i'd like to|i want to|i need to|i need a|i need an|i need help|"
            "i need my|i need some|i need the|i'm looking for|i am looking for|im looking for|"
            "i'm calling about|i'm calling because|i am calling|i was calling|i have a problem|"
            "i have an issue|i have a question|can you help me|could you help me|please help|"
            "i was charged|you charged me|i've been charged|i'm having|i am having|"
            "i've been waiting|i've been trying|i never received|i still haven't|i didn't receive|"
            "how do i|where is my|what is the address|what's the address|the phone number and|"
            "quiero|quisiera|necesito|tengo un problema|me han cobrado|llamo porque|llamo para|"
            "llamaba|me gustaría|"
            "je voudrais|j'ai un problème|j'appelle|je n'arrive pas|j'ai besoin|j'ai été|"
            "je vous appelle|je souhaite|je cherche|"
            "ich möchte|ich brauche|ich suche|ich habe ein problem|ich rufe an|ich hätte gern|"
            "ich habe eine frage|können sie mir helfen|ich will|wie ist die|was ist die|"
            "vorrei|ho bisogno|sto cercando|cerco un|cerco|ho un problema|qual è|quero|preciso|"},
    {-1.0f, "|my account|my order|my bill|my card|my phone|my internet|my name is|my policy|"
            "my flight|my money|my package|my password|my subscription|my service|my number is|"
            "my reservation|my room|cancel my|change my|i don't understand why|i don't remember|"
            "i don't recall|i can't believe|that's all|that is all|that's it|that will be all|"
            "thank you for your help|thanks for your help|thank you so much|thanks so much|"
            "never mind|nevermind|this is ridiculous|i'm frustrated|do you have|can you check|"
            "can i get|can i have the|could i have the|i think|yes please|no thank you|no thanks|"
            "mi cuenta|mi factura|mi pedido|mi tarjeta|gracias por su ayuda|eso es todo|nada más|"
            "mon compte|ma facture|ma commande|ma carte|merci pour votre aide|c'est tout|"
            "mein konto|meine rechnung|meine bestellung|meine karte|danke für ihre hilfe|"
            "danke auf wiedersehen|das ist alles|das war alles|ja bitte|nein danke|egal|"
            "il mio|la mia|grazie per l'aiuto|grazie mille|è tutto|minha conta|meu pedido|"},
};

enum { N_GROUP = WU_LEN(phrases) };

typedef struct score {
    double sum;
    const char *best; /* the first phrase of most weight for each side; within the table */
    size_t best_n;
    float best_weight;
    const char *worst;
    size_t worst_n;
    float worst_weight;
    bool any; /* it says something */
} score;

/* ---------------------------------------------------------------------------------- the words */

/* Small letters; marks become blanks, one at a time; a blank at both ends. */
static size_t clean(char *out, size_t size, wu_str s) {
    size_t n = 0;
    out[n++] = ' ';
    for (size_t i = 0; i < s.n && i < TURN_BYTES && n + 4 < size; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c >= 'A' && c <= 'Z') c = (unsigned char)(c + 32);
        if (c >= 0x80 && i > 0 && (unsigned char)s.p[i - 1] == 0xC3 && c <= 0x9E && c != 0x97)
            c = (unsigned char)(c + 32);
        if (c == 0xE2 && i + 2 < s.n && (unsigned char)s.p[i + 1] == 0x80 &&
            (unsigned char)s.p[i + 2] == 0x99) { /* the typographic apostrophe */
            c = '\'';
            i += 2;
        }
        const bool word =
            (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '\'' || c >= 0x80;
        if (word)
            out[n++] = (char)c;
        else if (out[n - 1] != ' ')
            out[n++] = ' ';
    }
    if (out[n - 1] != ' ') out[n++] = ' ';
    out[n] = 0;
    return n;
}

/* Counts each phrase of all groups that the turn has and that its party did not use yet. */
static void add_turn(score *s, uint64_t *used, const char *words) {
    size_t bit = 0;
    for (size_t g = 0; g < N_GROUP; g++) {
        const float w = phrases[g].weight;
        for (const char *p = phrases[g].words + 1; *p; bit++) {
            const size_t n = strcspn(p, "|");
            char key[80] = " ";
            WU_ASSERT(n + 2 < sizeof(key));
            memcpy(key + 1, p, n);
            key[n + 1] = 0;
            WU_ASSERT(bit / 64 < USED_WORDS);
            if (!(used[bit / 64] >> (bit % 64) & 1) && strstr(words, key)) {
                used[bit / 64] |= (uint64_t)1 << (bit % 64);
                s->sum += (double)w;
                if (w > s->best_weight) {
                    s->best = p;
                    s->best_n = n;
                    s->best_weight = w;
                }
                if (w < s->worst_weight) {
                    s->worst = p;
                    s->worst_n = n;
                    s->worst_weight = w;
                }
            }
            p += n + (p[n] == '|');
        }
    }
}

static void score_parties(score *s, const wu_conversation *c) {
    static const size_t size = TURN_BYTES + 8;
    char words[TURN_BYTES + 8];
    uint64_t used[MAX_PARTY_SEEN][USED_WORDS];
    memset(used, 0, sizeof(used));
    for (int32_t i = 0; i < c->n_turn; i++) {
        if (i >= FIRST_TURNS && i < c->n_turn - LAST_TURNS) continue;
        const wu_turn *t = &c->turn[i];
        if (t->party >= MAX_PARTY_SEEN || c->party[t->party].role != WU_PARTY_UNKNOWN) continue;
        clean(words, size, t->text);
        add_turn(&s[t->party], used[t->party], words);
        s[t->party].any = true;
    }
}

/* ----------------------------------------------------------------------------------- the roles */

static wu_code set_role(wu_conversation *c, int32_t i, wu_party_role role, double confidence,
                        const char *why) {
    wu_party *p = &c->party[i];
    p->role = role;
    p->from = WU_ROLE_INFERRED;
    p->confidence = confidence;
    return wu_conversation_set(c, &p->why, wu_str_of(why));
}

/* "it says \"how can i help\"", or what the other side says. */
static void say_why(char why[WHY_MAX], const score *own, const score *other, bool is_agent) {
    const float mine = is_agent ? own->best_weight : -own->worst_weight;
    const float theirs = !other ? 0.0f : is_agent ? -other->worst_weight : other->best_weight;
    const bool use_own = mine >= theirs;
    const score *s = use_own || !other ? own : other;
    const bool agent_words = use_own == is_agent;
    const char *p = agent_words ? s->best : s->worst;
    const size_t n = agent_words ? s->best_n : s->worst_n;
    snprintf(why, WHY_MAX, "%s \"%.*s\"", use_own ? "it says" : "the other side says", (int)n,
             p ? p : "");
}

/* Two sides without a role: one is the agent, the other the customer. */
static wu_code settle_two(wu_conversation *c, const score *s, int32_t a, int32_t b, double least) {
    char why[WHY_MAX];
    wu_code rc;
    const double d = s[a].sum - s[b].sum;
    const double confidence = wu_exact_sigmoid(d < 0 ? -d : d);
    const int32_t agent = d >= 0 ? a : b, customer = d >= 0 ? b : a;
    if (confidence < least) return WU_OK;
    say_why(why, &s[agent], &s[customer], true);
    if ((rc = set_role(c, agent, WU_PARTY_AGENT, confidence, why))) return rc;
    say_why(why, &s[customer], &s[agent], false);
    return set_role(c, customer, WU_PARTY_CUSTOMER, confidence, why);
}

static wu_code settle_one(wu_conversation *c, const score *s, int32_t i, double least) {
    char why[WHY_MAX];
    const double confidence = wu_exact_sigmoid(s[i].sum < 0 ? -s[i].sum : s[i].sum);
    if (confidence < least) return WU_OK;
    say_why(why, &s[i], NULL, s[i].sum >= 0);
    return set_role(c, i, s[i].sum >= 0 ? WU_PARTY_AGENT : WU_PARTY_CUSTOMER, confidence, why);
}

/* A party without name may be several people whom the file does not tell apart: never inferred. */
static wu_code infer(wu_conversation *c, double least) {
    score s[MAX_PARTY_SEEN];
    int32_t open[3] = {0}, n_open = 0, agents = 0, customers = 0;
    wu_code rc = WU_OK;
    memset(s, 0, sizeof(s));
    if (c->n_party > MAX_PARTY_SEEN) return WU_OK;
    score_parties(s, c);
    for (int32_t i = 0; i < c->n_party; i++) {
        agents += c->party[i].role == WU_PARTY_AGENT;
        customers += c->party[i].role == WU_PARTY_CUSTOMER;
        if (c->party[i].role != WU_PARTY_UNKNOWN || c->party[i].name.n == 0 || !s[i].any) continue;
        if (n_open < 3) open[n_open] = i;
        n_open++;
    }
    if (n_open == 0) return WU_OK;
    if (n_open == 1 && agents + customers > 0) {
        if (agents > 0 && customers > 0) return settle_one(c, s, open[0], least);
        if (0.9 < least) return WU_OK;
        return set_role(c, open[0], agents ? WU_PARTY_CUSTOMER : WU_PARTY_AGENT, 0.9,
                        agents ? "the other side is the agent" : "the other side is the customer");
    }
    if (n_open == 2 && agents + customers == 0) return settle_two(c, s, open[0], open[1], least);
    for (int32_t i = 0; !rc && i < c->n_party; i++)
        if (c->party[i].role == WU_PARTY_UNKNOWN && c->party[i].name.n > 0 && s[i].any)
            rc = settle_one(c, s, i, least);
    return rc;
}

/* ------------------------------------------------------------------------------ as the user says
 */

static bool is_listed(const char *const *list, const wu_party *p) {
    char a[WU_LABEL_MAX], b[WU_LABEL_MAX];
    for (; list && *list; list++) {
        const wu_str want = wu_utf8_trim(wu_str_of(*list));
        if (want.n == 0) continue;
        if (wu_str_eq(want, p->name) || wu_str_eq(want, p->id)) return true;
        const size_t n = wu_label_normal(a, want);
        if (n > 0 && wu_label_normal(b, p->name) == n && memcmp(a, b, n) == 0) return true;
    }
    return false;
}

static void apply(wu_conversation *c, const char *const *list, wu_party_role role) {
    for (int32_t i = 0; i < c->n_party; i++) {
        wu_party *p = &c->party[i];
        if (!is_listed(list, p)) continue;
        p->role = role;
        p->from = WU_ROLE_FROM_USER;
        p->confidence = 0.0;
        p->why = (wu_str){0};
    }
}

/* Parties that now have the same name and role are one. */
static void unite(wu_conversation *c) {
    for (int32_t i = 0; i < c->n_party; i++) {
        for (int32_t k = i + 1; k < c->n_party;) {
            if (c->party[k].role != c->party[i].role ||
                !wu_str_eq(c->party[k].name, c->party[i].name)) {
                k++;
                continue;
            }
            if (c->party[i].id.n == 0) c->party[i].id = c->party[k].id;
            for (int32_t t = 0; t < c->n_turn; t++) {
                int32_t *party = &c->turn[t].party;
                if (*party == k) *party = i;
                if (*party > k) --*party;
            }
            c->n_party--;
            memmove(&c->party[k], &c->party[k + 1], (size_t)(c->n_party - k) * sizeof(*c->party));
        }
    }
}

wu_code wu_roles_settle(wu_conversation *c, const wu_read_options *o, wu_err *err) {
    wu_code rc = WU_OK;
    if (!o) return WU_OK;
    apply(c, o->agent_is, WU_PARTY_AGENT);
    apply(c, o->customer_is, WU_PARTY_CUSTOMER);
    if (o->infer_roles)
        rc = infer(c, o->least_confidence > 0 ? o->least_confidence : LEAST_CONFIDENCE);
    if (rc) return wu_fail(err, rc, "roles: out of memory");
    if (o->agent_is || o->customer_is || o->infer_roles) unite(c);
    return WU_OK;
}
