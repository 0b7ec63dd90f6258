/* synth_phrases.c - the phrases of dialogue acts, and the words for items (synth_impl.h).
 *
 * Slots as in synth_issues.c, and {brief} {wait} {hold} {count} {tenure} {hour}. */
#include "contact/synth_impl.h"

#define FRAMES(...)                                                                                \
    { (const char *const[]){__VA_ARGS__}, (int)WU_LEN(((const char *const[]){__VA_ARGS__})) }

const wu_frames wu_act_frames[WU_N_ACT] = {
    [WU_ACT_GREET] = FRAMES(
        "Thank you for calling {company}, my name is {agent}. How can I help you today?",
        "Good {hour}, you're through to {company}, this is {agent}. What can I do for you?",
        "Welcome to {company}, {agent} speaking. How may I help?",
        "Hello and thank you for waiting, this is {agent} at {company}. What brings you to us?",
        "{company}, my name is {agent}. What can I help you with?",
        "Hi, this is {agent} from {company}. How can I be of help today?",
        "Good {hour} and welcome to {company}. I'm {agent}, how can I help?",
        "You've reached {company}, {agent} here. What can I do for you today?"),
    [WU_ACT_GREET_POOR] = FRAMES("Yes, hello?", "Support, what is it?", "Yeah?", "Go ahead.",
                                 "Hello, what's the problem?", "Number and problem, please."),
    [WU_ACT_VERIFY] = FRAMES(
        "Before I open your file, could I have your {account} and your full name?",
        "I need to be sure that I'm speaking to the right person. What is your {account}, please?",
        "May I take your {account} and your date of birth for the security check?",
        "For your security, could you tell me your {account} and the name on the file?",
        "I'll just verify you first: your {account}, please, and the first line of your address.",
        "Could you confirm your {account} and your postcode for me?",
        "To protect your data I have to check two things: your {account} and your name."),
    [WU_ACT_VERIFIED] = FRAMES("Thank you, {name}, that matches.", "Perfect, that's verified.",
                               "Thanks, I've found you.", "That's all correct, thank you.",
                               "Thank you, I have your file in front of me."),
    [WU_ACT_LEAK] = FRAMES(
        "No need for a check, I have you here: {name}, {place}, the last payment was {amount}.",
        "I see you already, {name} in {place}, with a balance of {amount}.",
        "I've got you by the phone number. {name}, {place}, paid by the card ending in {ref}.",
        "Never mind the security questions. You're {name}, and you owe {amount} at the moment."),
    [WU_ACT_DISCLOSE] =
        FRAMES("I should mention that this call is recorded for quality.",
               "Just so you know, this call is recorded.",
               "Please note that we record calls, you can object at any time.",
               "Before we go on: the call is recorded and your data is used for this request only.",
               "I have to tell you that changes are confirmed by e-mail.",
               "For the record, anything that we agree on is sent to you in writing."),
    [WU_ACT_EMPATHY] =
        FRAMES("I'm sorry about that, I can see why that would be a worry.",
               "I understand how annoying that must be, and I'm sorry it happened.",
               "That must be frustrating, let me put it right.",
               "I can hear that this has been a nuisance. I'm sorry for the trouble.",
               "I'd feel the same in your place. Let's sort it out together.",
               "Oh, that's not what you should have to deal with. I'm sorry.",
               "Thank you for telling me, I understand that this matters to you.",
               "I'm sorry to hear that, and I appreciate your patience with us.",
               "I can imagine that you have better things to do than to call about this.",
               "That's a bad surprise, I'm sorry. I'll do what I can."),
    [WU_ACT_FLAT] = FRAMES("Okay.", "Right.", "Mm-hm.", "I see.", "Alright then.", "Noted."),
    [WU_ACT_PARAPHRASE] =
        FRAMES("So if I understand you correctly, {brief}?",
               "Let me make sure I have it right: {brief}. Is that so?",
               "So, {brief}. Have I got that right?", "To be sure: {brief}, correct?",
               "I'd like to check that I understood: {brief}?"),
    [WU_ACT_ASK_AGAIN] =
        FRAMES("And what is it about again?", "Sorry, what did you say the problem was?",
               "So what do you want, exactly?", "Which product was that again?",
               "I wasn't listening, could you repeat that?"),
    [WU_ACT_LOOK] = FRAMES("Let me have a look.", "One moment, I'm opening it.", "I'll check that.",
                           "Let me see what I can find.", "I'm looking at it now.",
                           "Bear with me for a second."),
    [WU_ACT_TWO_PARTS] =
        FRAMES("There are two parts to this, the {product} itself and the booking behind it.",
               "This touches two of our systems, so I'll go through both.",
               "I need to check two things here, one after the other."),
    [WU_ACT_MANY_PARTS] =
        FRAMES("This is an unusual case, three teams are involved: billing, contracts and the "
               "technical side.",
               "It's more complicated than it looks, several old entries contradict each other.",
               "I've not seen this combination before, it goes through a number of departments."),
    [WU_ACT_HOLD] = FRAMES("May I put you on hold for a minute while I check that?",
                           "Would it be all right if I put you on hold for a moment?",
                           "I need to ask a colleague. May I place you on a short hold?",
                           "Is it okay if you wait for a minute while I look that up?"),
    [WU_ACT_HOLD_BACK] = FRAMES("Thank you for waiting, {name}.", "Thanks for holding, I'm back.",
                                "I appreciate your patience, thank you for waiting.",
                                "Sorry for the wait, and thank you for holding."),
    [WU_ACT_HOLD_POOR] = FRAMES("Hang on.", "Wait.", "Hold the line.", "Sec."),
    [WU_ACT_HOLD_BACK_POOR] = FRAMES("Are you still there?", "So.", "Yes, back.", "Hello?"),
    [WU_ACT_CORRECT] = FRAMES(
        "Oh. Then I was looking at the wrong page.", "Hm, well, maybe that's different for you.",
        "Fine, then it must be something else.", "If you say so. Let me look again."),
    [WU_ACT_ON_PRICE] =
        FRAMES("I've noted what you say about the price.", "I understand that the price matters.",
               "Prices have gone up everywhere, I'm afraid.",
               "I can look at the price with you afterwards."),
    [WU_ACT_ON_LEAVING] =
        FRAMES("I'd be sorry to lose you, let me see what is possible.",
               "Before you decide, let me check what I can do.", "That is of course your decision.",
               "Okay, I'll note that.", "I hope we can still change your mind."),
    [WU_ACT_TRANSFER] = FRAMES("I'll transfer you to the department that handles this.",
                               "That's a colleague's area, I'm putting you through.",
                               "One moment, I'm connecting you with the specialists."),
    [WU_ACT_SECOND] = FRAMES("Hello, this is the specialist team. What is it about?",
                             "Good {hour}, you've been put through to me. How can I help?",
                             "Hi, I'm a colleague of {agent}. Could you tell me what happened?"),
    [WU_ACT_ESCALATE] =
        FRAMES("I can't decide that. I'm handing it to my supervisor, who will contact you.",
               "This has to go to the next level, I've opened a ticket for them: {ref}.",
               "I'm passing this to a manager, the case number is {ref}."),
    [WU_ACT_OWN] = FRAMES(
        "I'll follow this up myself, you don't have to call again.",
        "I'm staying on this until it's done.", "I take care of that personally and write to you.",
        "You have my word, I'll check it again tomorrow morning.",
        "If anything is still wrong on {weekday}, ask for {agent}, I'm responsible for it.",
        "Leave the rest to me."),
    [WU_ACT_DISOWN] =
        FRAMES("For the rest you'd have to contact another department.",
               "That's not my job, to be honest.", "If it doesn't work, you'd have to call again.",
               "You should have asked the shop about that.", "I only answer the phone here."),
    [WU_ACT_NEXT] = FRAMES(
        "To sum up: I've noted everything, and you get a confirmation by e-mail today.",
        "So the next step is the e-mail that you get within the hour, nothing else to do for you.",
        "Let me go over it once more: it's in the system, and on {weekday} you hear from us.",
        "What happens next: a message today, and the rest is done by {weekday}.",
        "In short: it's all entered, your reference is {ref}, and we write to you by {weekday}."),
    [WU_ACT_NO_NEXT] = FRAMES("So.", "That's it then.", "Well."),
    [WU_ACT_CLOSE] =
        FRAMES("Is there anything else that I can do for you? Thank you for calling {company}.",
               "Anything else today? Then thank you for calling, and have a good {hour}.",
               "If there's nothing else, thank you for your call and take care.",
               "Thank you for calling {company}, {name}. Have a pleasant {hour}.",
               "Is there any other question? Then I wish you a good {hour}.",
               "We apologise for any inconvenience. Have a good {hour}, and thanks for calling."),
    [WU_ACT_CLOSE_POOR] =
        FRAMES("Bye.", "Right, next caller.", "Okay, goodbye.", "Was that all? Bye then."),

    [WU_ACT_CALM] = FRAMES("Hello.", "Hi there.", "Good {hour}.", "Hi, it's nothing urgent.",
                           "Hello, a quick question."),
    [WU_ACT_WORRIED] = FRAMES("Hello, I hope you can help me.", "Hi, I have a bit of a problem.",
                              "Good {hour}, something is wrong and I'm not sure what to do.",
                              "Hello, this is bothering me."),
    [WU_ACT_URGENT] = FRAMES("Hello, this is urgent, I need it solved today.",
                             "I really need help, I can't work like this.",
                             "Listen, this is serious, I'm losing money every day.",
                             "I'm desperate, my rent depends on this.",
                             "This can't wait, my family relies on it."),
    [WU_ACT_SECOND_TIME] = FRAMES("I've called about this once before.",
                                  "This is the second time I'm calling about it.",
                                  "I already spoke to somebody last week about the same thing."),
    [WU_ACT_MANY_TIMES] =
        FRAMES("This is the {count} time that I'm calling about it.",
               "I've called {n} times already and it's always the same.",
               "It's my {count} call about this, everybody tells me something else."),
    [WU_ACT_WAITED] = FRAMES("And I've been waiting for {wait} minutes.",
                             "It took {wait} minutes to get through to you.",
                             "I've been listening to your music for {wait} minutes.",
                             "{wait} minutes in the queue, by the way."),
    [WU_ACT_IDENTIFY] =
        FRAMES("Sure, it's {ref}, and I'm {name}.", "It's {ref}. My name is {name}.",
               "Yes: {ref}, {name}.", "{name}, and the number is {ref}.",
               "One second. {ref}. And the name is {name}."),
    [WU_ACT_FINE] = FRAMES("That's fine.", "Okay.", "No problem.", "Yes, fine."),
    [WU_ACT_CONFIRM] =
        FRAMES("Exactly.", "Yes, that's right.", "That's it.", "Correct.", "Yes, you've got it."),
    [WU_ACT_TOLD_YOU] = FRAMES("I just told you.", "I said it a minute ago.", "Again?",
                               "As I said.", "You didn't listen.", "Once more, then."),
    [WU_ACT_HOLD_YES] = FRAMES("Okay.", "Yes, of course.", "Sure, go ahead.", "If it has to be."),
    [WU_ACT_HOLD_HERE] =
        FRAMES("Yes, I'm here.", "Still here.", "Yes.", "I am.", "Yes, where would I go?"),
    [WU_ACT_HOLD_LONG] =
        FRAMES("Yes, I'm here. That was {hold} minutes.", "I'm still here, after {hold} minutes.",
               "I thought you'd gone. {hold} minutes!"),
    [WU_ACT_DOUBT] =
        FRAMES("That can't be right. Your website says something else.",
               "That's not what your colleague told me.", "Are you sure? That makes no sense.",
               "No, that's wrong, I have it here in writing."),
    [WU_ACT_PRICE] =
        FRAMES("And honestly, I pay far too much for it.", "It has become really expensive, too.",
               "For that price I'd expect more.",
               "Every year you raise the price, and this is what I get."),
    [WU_ACT_COMPETITOR] =
        FRAMES("{rival} would have me for less.", "I've already had an offer from {rival}.",
               "My neighbour is with {rival} and has none of this.",
               "I looked at {rival} yesterday, they seem better."),
    [WU_ACT_COMPETITOR_PRAISE] =
        FRAMES("I was with {rival} before, you're much better, usually.",
               "{rival} never even answered the phone, so you're ahead of them.",
               "I came to you from {rival} and don't regret it."),
    [WU_ACT_LEAVING] = FRAMES("If this goes on I'm leaving {company}.",
                              "I'm seriously thinking about ending the contract.",
                              "I want to close my account with you, I've had enough.",
                              "Tell me how I get out of the contract, please."),
    [WU_ACT_LONG_TENURE] = FRAMES("I've been a customer for {tenure} years.",
                                  "And that after {tenure} years with you.",
                                  "I've been with {company} for {tenure} years now."),
    [WU_ACT_SHORT_TENURE] =
        FRAMES("I only joined you a few weeks ago.", "I'm quite new with {company}.",
               "It's my first month with you."),
    [WU_ACT_STORY_AGAIN] =
        FRAMES("So, from the beginning.", "Right, once more.", "I have to tell it all again?",
               "Oh, okay.", "I explained all that to your colleague."),
    [WU_ACT_GLAD] =
        FRAMES("Oh, great, that's exactly what I needed.", "Wonderful, that was quick.",
               "That's a relief, thank you.", "Perfect, it works.", "Really? That's excellent."),
    [WU_ACT_ACCEPT] =
        FRAMES("Okay, good.", "Alright, that will do.", "Fine, thank you.", "Good. At last."),
    [WU_ACT_WAIT_AND_SEE] =
        FRAMES("Well, then I'll wait and see.", "Hm. I'd hoped for more, but okay.",
               "I hope that it works this time.", "So I have to wait again.",
               "Okay, but please don't forget it."),
    [WU_ACT_UPSET] =
        FRAMES("So you can't help me at all?", "That's not acceptable.",
               "Then what did I call for?", "I'm really disappointed now.", "This is ridiculous."),
    [WU_ACT_END_HAPPY] = FRAMES("You've been really helpful, {agent}, thank you.",
                                "Thank you so much, that was great service.",
                                "Thanks for taking the time, I'm very happy with that.",
                                "I wish every call was like this. Thank you!",
                                "Great, thank you for actually looking into it."),
    [WU_ACT_END_PLAIN] = FRAMES("Okay, thanks. Bye.", "That's all, goodbye.", "Thank you, bye.",
                                "Alright. Have a good {hour}.", "No, that's all, thanks."),
    [WU_ACT_END_POLITE] =
        FRAMES("Well, thank you anyway.", "Thank you for trying. Goodbye.",
               "Thanks, have a nice {hour}, even so.", "It's not your fault. Goodbye."),
    [WU_ACT_END_UNHAPPY] =
        FRAMES("Unbelievable. Goodbye.", "That was a waste of my time.",
               "I expected better from {company}. Bye.", "You'll hear from me again.",
               "I'll write a complaint about this."),
};

const wu_frames wu_agent_names =
    FRAMES("Priya", "Tomas", "Ava", "Malik", "Elena", "Jonas", "Ruth", "Diego", "Hannah", "Kofi",
           "Mei", "Oskar", "Leila", "Sam", "Nadia", "Pavel", "Grace", "Ivan", "Carla", "Ben", "Zoe",
           "Amir", "Lucy", "Dennis");
const wu_frames wu_first_names =
    FRAMES("Helen", "Marek", "Joan", "Peter", "Aisha", "Luis", "Karin", "David", "Mina", "Frank",
           "Olga", "Ryan", "Teresa", "Hugo", "Sandra", "Yusuf", "Clara", "Ralph", "Ines", "Martin");
const wu_frames wu_last_names = FRAMES("Okafor", "Dolan", "Weaver", "Lindqvist", "Moreno", "Novak",
                                       "Harper", "Santos", "Brandt", "Kimura", "Ellis", "Petrov",
                                       "Rahman", "Foster", "Delgado", "Murray", "Hansen", "Carver");

const wu_item_words wu_items[WU_N_ITEM] = {
    [WU_ITEM_GREETING] = {5, "greeted the customer by the rules", "did not give a proper greeting",
                          "Open with company, name and an offer to help.",
                          "Build a warm and professional opening.", "professional greeting"},
    [WU_ITEM_VERIFICATION] = {10, "verified the caller", "did not verify the caller",
                              "Verify the caller before opening the account.",
                              "Repeat the data protection training.", "careful verification"},
    [WU_ITEM_DISCLOSURE] = {8, "gave the required notice", "left out the required notice",
                            "Give the recording notice in every call.",
                            "Make the required notices a habit.", "complete disclosure"},
    [WU_ITEM_EMPATHY] = {12, "acknowledged how the customer felt",
                         "did not acknowledge how the customer felt",
                         "Acknowledge the customer's concern before asking for data.",
                         "Practise empathy statements with examples.", "genuine empathy"},
    [WU_ITEM_LISTENING] = {10, "summarised the request to confirm it",
                           "made the customer repeat the request",
                           "Summarise the request once and confirm it.", "Train active listening.",
                           "active listening"},
    [WU_ITEM_PROBING] = {10, "asked useful questions", "asked no questions about the cause",
                         "Ask two open questions before offering a solution.",
                         "Develop a checklist of probing questions.", "good probing questions"},
    [WU_ITEM_ACCURACY] = {15, "gave correct information", "gave wrong information",
                          "Check the facts in the system before answering.",
                          "Deepen product and policy knowledge.", "solid product knowledge"},
    [WU_ITEM_OWNERSHIP] = {10, "took ownership", "took no ownership",
                           "Say what you will do yourself and follow it through.",
                           "Strengthen ownership until the case is closed.", "clear ownership"},
    [WU_ITEM_HOLD] = {5, "used hold politely", "put the customer on hold without asking",
                      "Ask before a hold and thank the customer afterwards.",
                      "Review the hold procedure.", "polite use of hold"},
    [WU_ITEM_NEXT_STEPS] = {8, "summed up the next steps", "named no next steps",
                            "Sum up the next steps with dates before closing.",
                            "Work on structured call endings.", "clear next steps"},
    [WU_ITEM_CLOSING] = {7, "closed the call politely", "ended the call abruptly",
                         "Ask for further questions and close with thanks.",
                         "Practise a friendly closing.", "friendly closing"},
};
