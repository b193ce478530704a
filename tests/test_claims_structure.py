"""Which words a claim has: quotations in all their forms, both conjuncts, no more than was said. All sentences are
ours."""

from __future__ import annotations

import pytest
from said import Case, check, tried

from claimwire.pipelines.extract import By

SPLIT: list[Case] = [
    ("“The river,” said Tom Reed, “has never been so low.”", "Tom Reed | said | The river, ... has never been so low"),
    ("“We waited,” the nurse said, “and nobody came.”", "the nurse | said | We waited, ... and nobody came"),
    (
        '"Prices," warned the grocer, "will double by Easter."',
        "the grocer | warned | Prices, ... will double by Easter",
    ),
    ("‘If it rains,’ the groom said, ‘we move indoors.’", "the groom | said | If it rains, ... we move indoors"),
    ("“I knew,” she recalled, “that the lock was broken.”", "she | recalled | I knew, ... that the lock was broken"),
    ("“It is not,” insisted the vet, “a disease of sheep.”", "the vet | insisted | It is not, ... a disease of sheep"),
    ("The bridge, engineers say, will hold for a century.", "engineers | say | The bridge ... will hold for a century"),
    ("The bones, he said, belong to a young woman.", "he | said | The bones ... belong to a young woman"),
    (
        "Turnout, the commission estimates, will be below forty percent.",
        "the commission | estimates | Turnout ... will be below forty percent",
    ),
    ("“Nobody,” Ann Holt told the court, “asked me to sign.”", "Ann Holt | told | Nobody, ... asked me to sign"),
    (
        "“The wall fell first,” the foreman said. “Then the roof came down.”",
        "the foreman | said | The wall fell first, ... Then the roof came down",
    ),
    (
        "“We sold the cows,” said Maria Blanc, who farms near Arles. “We keep the goats.”",
        "Maria Blanc, who farms near Arles | said | We sold the cows, ... We keep the goats",
    ),
    (
        "The trophy, the curator believes, was melted down in 1944.",
        "the curator | believes | The trophy ... was melted down in 1944",
    ),
    (
        "“The signal was red,” the driver’s union said, “and the brakes worked.”",
        "the driver’s union | said | The signal was red, ... and the brakes worked",
    ),
    (
        "This, the judge wrote, is not a matter for the court.",
        "the judge | wrote | This ... is not a matter for the court",
    ),
    (
        "“Go home,” the coach shouted at the press, “and write what you like!”",
        "the coach | shouted | Go home, ... and write what you like!",
    ),
    ("“It was,” she sighed, “a very long winter.”", "she | sighed | It was, ... a very long winter"),
    (
        "“We did not,” said Captain Elena Rossi, “see the reef until it was too late.”",
        "Captain Elena Rossi | said | We did not, ... see the reef until it was too late",
    ),
    (
        '"The lab did everything right," Dr. Fenwick told reporters on Friday, "and still the samples were lost."',
        "Dr. Fenwick | told | The lab did everything right ... and still the samples were lost",
    ),
    (
        "“If the whistle had gone a second later,” the Harriers captain said with a rueful grin, "
        "“we'd be talking about a miracle.”",
        "the Harriers captain | said | If the whistle had gone a second later ... we'd be talking about a miracle",
    ),
    (
        "“I was asleep,” she said. “Then the ceiling came in.”",
        "she | said | I was asleep ... Then the ceiling came in",
    ),
    (
        "'Nobody,' said Mr Pryce, 'warned us that the line would be closed on a bank holiday.'",
        "Mr Pryce | said | Nobody ... warned us that the line would be closed on a bank holiday",
    ),
    (
        "“We have two choices,” Ramos, the union's chief negotiator, told a packed hall in Leeds "
        "last night. “We can wait for the next offer, or we can walk.”",
        "Ramos, the union's chief negotiator | told | We have two choices ... We can wait for "
        "the next offer, or we can walk",
    ),
]

LONG: list[Case] = [
    (
        "“We lost the harvest. The cows have no feed. We cannot pay,” said Tom Reed.",
        "Tom Reed | said | We lost the harvest. The cows have no feed. We cannot pay",
    ),
    (
        "Tom Reed said: “We lost the harvest. The cows have no feed.”",
        "Tom Reed | said | We lost the harvest. The cows have no feed",
    ),
    (
        "“We lost the harvest,” Tom Reed said. “The cows have no feed. The bank will not wait.”",
        "Tom Reed | said | We lost the harvest, ... The cows have no feed. The bank will not wait",
    ),
    (
        "“The first reactor is cold,” said the plant’s director.\n\n“The second will be cold by night.”",
        "the plant’s director | said | The first reactor is cold",
        "the plant’s director | | The second will be cold by night",
    ),
    (
        "“The first reactor is cold,” said the plant’s director. “The second is not.\n\n“We expect it to be cold by night.”",
        "the plant’s director | said | The first reactor is cold, ... The second is not",
        "the plant’s director | | We expect it to be cold by night",
    ),
    (
        "“The film took nine years,” Lena Berg said. “I sold my car for it.\n\n“I sold the flat, too.\n\n“I regret nothing.”",
        "Lena Berg | said | The film took nine years, ... I sold my car for it",
        "Lena Berg | | I sold the flat, too",
        "Lena Berg | | I regret nothing",
    ),
    (
        '"I opened the door. It was dark. Somebody coughed," the caretaker told police.',
        "the caretaker | told | I opened the door. It was dark. Somebody coughed",
    ),
    (
        "“Is it safe? Yes. Is it cheap? No,” said the engineer.",
        "the engineer | said | Is it safe? Yes. Is it cheap? No",
    ),
    ("“Stop! The ice is thin!” a skater shouted.", "a skater | shouted | Stop! The ice is thin!"),
    (
        "The letter said: “We thank you. The post has been filled.”",
        "The letter | said | We thank you. The post has been filled",
    ),
    (
        "In a statement, the bank said: “All deposits are safe. No branch will close.”",
        "the bank | said | All deposits are safe. No branch will close",
    ),
    ("“The test was clean,” the rider said.\n\nThe stage had begun in rain.", "the rider | said | The test was clean"),
    (
        "“He trained here as a boy. He never missed a day,” recalled his first coach, Ivo Mann.",
        "his first coach, Ivo Mann | recalled | He trained here as a boy. He never missed a day",
    ),
    (
        "“We hear them at night. They dig under the fence,” said one villager.\n\n“Nobody helps us.”",
        "one villager | said | We hear them at night. They dig under the fence",
        "one villager | | Nobody helps us",
    ),
    (
        "The minister told parliament: “The treaty is dead. It died in March. We mourn it.”",
        "The minister | told | The treaty is dead. It died in March. We mourn it",
    ),
    (
        "“The first bus was full, so we waited,” said Nadia Kerr, a nurse who had been on the "
        "night shift.\n\n“The second never came. By then the road was under water.”",
        "Nadia Kerr, a nurse who had been on the night shift | said | The first bus was full, so we waited",
        "Nadia Kerr, a nurse who had been on the night shift | | The second never came. By then the road was under water",
    ),
    (
        "Sales of electric vans doubled in the quarter, the company said in a trading update. "
        "Chief executive Lena Dorfmann blamed the weaker margin on battery prices.\n\nShares fell "
        "4 per cent in early trading.",
        "the company | said | Sales of electric vans doubled in the quarter",
        "Chief executive Lena Dorfmann | blamed | the weaker margin on battery prices",
    ),
    (
        "The report runs to 340 pages. It was delivered on Tuesday.\n\nTwo thirds of the staff "
        "have since moved to other posts, and the building is to be sold.",
    ),
    (
        "Marta Lindqvist has kept bees for forty years.\n\n“They know me,” she says, lifting a "
        "frame with bare hands. “At least they know when I am cross.”\n\nThis spring half of her "
        "hives were empty. The cause, say researchers at the local college, is a mite that came "
        "north with the warm winters.",
        "she | says | They know me ... At least they know when I am cross",
        "researchers at the local college | say | The cause ... is a mite that came north with the warm winters",
    ),
    (
        'General Abeku described the retreat in a broadcast on Sunday night.\n\n"We left the town '
        'at four in the morning.\n\n"By six there was not one of our vehicles on the east bank," '
        "he said.",
        "he | | We left the town at four in the morning",
        "he | said | By six there was not one of our vehicles on the east bank",
        "? General Abeku | described | the retreat",
    ),
]

NESTED: list[Case] = [
    (
        "“He told me ‘never again’ and hung up,” said the agent.",
        "the agent | said | He told me ‘never again’ and hung up",
        "? He | told | never again",
    ),
    ("\"She shouted 'fire' twice,\" the usher said.", "the usher | said | She shouted ‘fire’ twice"),
    (
        "‘My father said “keep the boat”, so I kept it,’ Ann Holt recalled.",
        "Ann Holt | recalled | My father said “keep the boat”, so I kept it",
        "? My father | said | keep the boat",
    ),
    (
        "“When the boss says ‘the plant will close’, you believe him,” said a welder.",
        "a welder | said | When the boss says the plant will close, you believe him",
        "? the boss | says | the plant will close",
    ),
    (
        "“The sign says ‘no dogs’,” the warden said.",
        "the warden | said | The sign says ‘no dogs’",
        "? The sign | says | no dogs",
    ),
    ("“I read ‘The Winter Sea’ in a week,” said the critic.", "the critic | said | I read ‘The Winter Sea’ in a week"),
    (
        "\"They call it 'the cage',\" said a former inmate.",
        "a former inmate | said | They call it the cage",
        "? They | call | it the cage",
    ),
    ("„Er war da“, said the only witness.", "the only witness | said | Er war da"),
    (
        "“The doctor said ‘walk’, and I walked,” the pilgrim said.",
        "the pilgrim | said | The doctor said ‘walk’, and I walked",
        "? The doctor | said | walk",
    ),
    (
        "“A guard told us ‘wait’, then he left,” said the refugee.",
        "the refugee | said | A guard told us ‘wait’, then he left",
        "? A guard | told | wait",
    ),
    (
        "«He said “no” and left», the waiter recalled.",
        "the waiter | recalled | He said no and left",
        "? He | said | no",
    ),
    (
        "“The ad promised ‘sun all year’,” she complained.",
        "she | complained | The ad promised sun all year",
        "? The ad | promised | sun all year",
    ),
    (
        "“Nobody says ‘thank you’ any more,” the conductor said.",
        "the conductor | said | Nobody says thank you any more",
    ),
    (
        "“My coach says ‘run’ and I run,” the girl said.",
        "the girl | said | My coach says run and I run",
        "? My coach | says | run",
    ),
    (
        "“We asked ‘why’ and got no answer,” the widow said.",
        "the widow | said | We asked ‘why’ and got no answer",
        "? We | asked | why",
    ),
    (
        "“He looked at me and said, ‘You'll never work in this town again,’ and he was right,” Coates recalled.",
        "Coates | recalled | He looked at me and said, You'll never work in this town again, and he was right",
    ),
    (
        "“The letter says ‘final notice’ in red,” the widow told the Herald. “I had never seen the first one.”",
        "the widow | told | The letter says final notice in red ... I had never seen the first one",
    ),
    (
        "\"When they call us 'amateurs', they forget who built the place,\" said Ines Moreau, a "
        "volunteer at the observatory.",
        "Ines Moreau, a volunteer at the observatory | said | When they call us 'amateurs', they "
        "forget who built the place",
    ),
    (
        'The judge said the defendant had told his victims "I am the bank" and that they had believed him.',
        "The judge | said | the defendant had told his victims I am the bank and that they had believed him",
        "the defendant | told | I am the bank and that they had believed him",
    ),
    (
        "The minister told MPs: ‘The phrase “managed decline” is not one I have ever used.’",
        "The minister | told | The phrase managed decline is not one I have ever used",
    ),
    (
        "\"My coach told me, 'Run your own race,' so I did,\" said Abebe, who won by almost a minute.",
        "Abebe, who won by almost a minute | said | My coach told me, Run your own race, so I did",
    ),
    (
        "“My father always said a promise was a debt,” Ms Quirke told the conference in Harrogate.",
        "Ms Quirke | told | My father always said a promise was a debt",
        "? My father | said | a promise was a debt",
    ),
]

UNBALANCED: list[Case] = [
    (
        "“The valve was shut, the engineer said.\n\nThe plant stood still for a week.\n\n“We are open again,” the owner said.",
        "the owner | said | We are open again",
        "? the engineer | said | The valve was shut",
    ),
    ('The board is 6" wide.\n\n"It is heavy," the carpenter said.', "the carpenter | said | It is heavy"),
    (
        'The poster read " all week.\n\n"The show is off," the manager said.\n\nTickets are refunded.',
        "the manager | said | The show is off",
    ),
    ("The fish was 12” long.\n\n“I threw it back,” the angler said.", "the angler | said | I threw it back"),
    (
        '"The gate was open," the guard said.\n\nHe left at six".\n\n"The dog was gone," the owner said.',
        "the guard | said | The gate was open",
        "the owner | said | The dog was gone",
    ),
    (
        "“We won” the captain said.\n\nThe crowd sang “for an hour.\n\n“It was cold,” a fan said.",
        "the captain | said | We won",
        "a fan | said | It was cold",
    ),
    ("‘The tide is out.\n\nNobody moved.\n\n‘Come quickly,’ the boy said.", "the boy | said | Come quickly"),
    ('A sign hung " over the bar. "We close at ten," the barman said.', "the barman | said | We close at ten"),
    ("The sailors' wives waited.\n\n‘They are late,’ one wife said.", "one wife | said | They are late"),
    ("Rents rose in the '90s and '00s.\n\n'They never fell,' the tenant said.", "the tenant | said | They never fell"),
    ('The score was 5" of rain.\n\nThe mayor said the drains had failed.', "The mayor | said | the drains had failed"),
    ("“The trains run late.\n\nThe union said the tracks are old.", "The union | said | the tracks are old"),
    (
        '"The keys were gone, said the porter.\n\nNobody saw the thief. The hotel said it would pay.',
        "The hotel | said | it would pay",
        "? the porter | said | The keys were gone",
    ),
    ("He keeps „a box of old letters.\n\n“I forgot nothing,” he said.", "he | said | I forgot nothing"),
    (
        "The band’s “last tour began in Lyon.\n\nThe singer said she was tired.\n\n“My voice is gone,” she said.",
        "The singer | said | she was tired",
        "she | said | My voice is gone",
    ),
]

ALL_MARKS: list[Case] = [
    ("'The ferry is full,' the steward said.", "the steward | said | The ferry is full"),
    ('"The ferry is full," the steward said.', "the steward | said | The ferry is full"),
    ("“The ferry is full,” the steward said.", "the steward | said | The ferry is full"),
    ("„The ferry is full,“ the steward said.", "the steward | said | The ferry is full"),
    ("„The ferry is full,” the steward said.", "the steward | said | The ferry is full"),
    ("«The ferry is full», the steward said.", "the steward | said | The ferry is full"),
    ("「The ferry is full」, the steward said.", "the steward | said | The ferry is full"),
    ("‘The ferry is full,’ the steward said.", "the steward | said | The ferry is full"),
    ("The steward's answer: 'The ferry's full.'", "The steward's | answer | The ferry's full"),
    ("‘It’s the crew’s decision,’ the steward said.", "the steward | said | It’s the crew’s decision"),
    ("'It's the passengers' fault,' the steward said.", "the steward | said | It's the passengers' fault"),
    ("'Don't wait,' the steward's wife told us.", "the steward's wife | told | Don't wait"),
    ("« The ferry is full », the steward said.", "the steward | said | The ferry is full"),
    ("”The ferry is full,” the steward said.", "the steward | said | The ferry is full"),
    ("The drivers' union said it wasn't told.", "The drivers' union | said | it wasn't told"),
    ("''The ferry is full,'' the steward said.", "the steward | said | The ferry is full"),
    ("``The ferry is full,'' the steward said.", "the steward | said | The ferry is full"),
    ("‘Nobody’s perfect,’ the referee’s wife told the paper.", "the referee’s wife | told | Nobody’s perfect"),
    (
        "«Nous avons perdu deux ans», a déclaré le maire. The quotation appeared in English the "
        "next day: «We have lost two years», the mayor said.",
        "the mayor | said | The quotation appeared in English the next day: We have lost two years",
    ),
    (
        "„We are not a museum“, the director told the Vienna daily on Sunday.",
        "the director | told | We are not a museum",
    ),
    (
        "'The bird flew off before I could count its rings,' said Mrs O'Dowd, the warden's wife.",
        "Mrs O'Dowd, the warden's wife | said | The bird flew off before I could count its rings",
    ),
    (
        "``It was a pretty ordinary fastball,'' Delgado said of the pitch that ended the inning.",
        "Delgado | said | It was a pretty ordinary fastball",
    ),
    (
        "The farmers' spokesman said the '90s had been 'a golden time' for dairy.",
        "The farmers' spokesman | said | the '90s had been a golden time for dairy",
    ),
    (
        "“The water came up to my chest, said Mr Tran, a fisherman from the delta. He spent two nights on a roof.",
        "Mr Tran, a fisherman from the delta | said | The water came up to my chest",
    ),
]

NO_SPEECH: list[Case] = [
    ("The so-called “miracle diet” sold a million copies.",),
    ("She starred in “The Winter Sea” for three seasons.",),
    ("Joe “Bulldozer” Kane retired at forty.",),
    ("The “expert” left town with the money.",),
    ("Critics gave “A Room in Lisbon” four stars.",),
    ("The word “tsunami” comes from Japanese.",),
    ("Every Friday the “ghost train” rolls past the empty mill.",),
    ("They danced to “Blue Harbour” until dawn.",),
    ("Paul ‘Pelé’ Novak scored twice in the final.",),
    ("Her novel, “Salt and Iron”, won the national prize.",),
    ("A “smart” fridge costs three times as much.",),
    ("The ship, nicknamed “Old Betty”, sank in 1911.",),
    ("The exhibition “Faces of the North” opens on Thursday.",),
    ("The “Big Four” banks own most of the market.",),
    ("The file was marked “top secret” and locked away.",),
    ("Type “yes” and press the green button.",),
    ("The bomb was known as “Fat Boy” in the trenches.",),
    ("The author of “The Glass Coast” lives in Maine.",),
    ("A “friendly” match ended with three red cards.",),
    ("The so-called ‘king of pop corn’ sold his last bag on Sunday.",),
    ("The so-called “family doctor” had never finished medical school.",),
    ("Her new novel, “The Salt Ledger”, follows three sisters across half a century.",),
    ("Known to friends as “Tiny”, the 140kg prop retired in May after 212 games.",),
    ("The exhibition “What Did You Say?” runs until 9 June at the town museum.",),
    ("The band opened with “Cold Harbour” and closed, two hours later, with “Say You Won't”.",),
]

MIXED: list[Case] = [
    (
        "The vet said the horse was “beyond saving” and had to be put down.",
        "The vet | said | the horse was “beyond saving” and had to be put down",
    ),
    ("The judge called the scheme “a fraud on the poor”.", "The judge | called | the scheme a fraud on the poor"),
    ("Ann Holt said she was “heartbroken”.", "Ann Holt | said | she was heartbroken"),
    ("The bank described the loss as “painful but small”.", "The bank | described | the loss as painful but small"),
    (
        "The admiral told reporters the fleet was “ready for anything”.",
        "The admiral | told | the fleet was ready for anything",
    ),
    ("The priest warned that the town was “losing its soul”.", "The priest | warned | the town was losing its soul"),
    ("According to the report, the roof was “a death trap”.", "the report | According to | the roof was a death trap"),
    ("The coach denied there was “bad blood” in the team.", "The coach | denied | there was “bad blood” in the team"),
    ("The firm said it “deeply regrets” the error.", "The firm | said | it deeply regrets the error"),
    ("The tenants say “most of” the flats are damp.", "The tenants | say | most of the flats are damp"),
    (
        "The minister insisted that “not a single euro” had been lost.",
        "The minister | insisted | not a single euro had been lost",
    ),
    (
        "The poet said that “love is a tax” and that “nobody is exempt”.",
        "The poet | said | love is a tax and that nobody is exempt",
    ),
    (
        "The guide said the cave was “cold, dark and endless”, and much deeper than the maps show.",
        "The guide | said | the cave was cold, dark and endless, and much deeper than the maps show",
    ),
    (
        "The airline acknowledged “a small number” of cancellations.",
        "The airline | acknowledged | a small number of cancellations",
    ),
    ("The mayor dismissed the poll as “fantasy”.", "The mayor | dismissed | the poll as fantasy"),
    (
        "The minister called the ruling “shameful” and “dangerous”.",
        "The minister | called | the ruling shameful and dangerous",
    ),
]

CONJUNCTS: list[Case] = [
    (
        "The mayor said the bridge was safe and the tunnel would open soon.",
        "The mayor | said | the bridge was safe and the tunnel would open soon",
    ),
    (
        "The clinic said that beds were full and that patients were being sent home.",
        "The clinic | said | beds were full and that patients were being sent home",
    ),
    (
        "The report found that the brakes had failed and the driver was tired.",
        "The report | found | the brakes had failed and the driver was tired",
    ),
    (
        "The union claims wages have fallen but profits have doubled.",
        "The union | claims | wages have fallen but profits have doubled",
    ),
    ("The king vowed to rule justly and to pay his debts.", "The king | vowed | to rule justly and to pay his debts"),
    (
        "The airline denied that it had overbooked the flight or misled its passengers.",
        "The airline | denied | it had overbooked the flight or misled its passengers",
    ),
    ("The striker said he was happy and would stay.", "The striker | said | he was happy and would stay"),
    (
        "The geologist warned that the slope could slide and bury the village.",
        "The geologist | warned | the slope could slide and bury the village",
    ),
    ("The senator blasted the press and the courts.", "The senator | blasted | the press and the courts"),
    (
        "The shop promised to replace the phones and refund the fees.",
        "The shop | promised | to replace the phones and refund the fees",
    ),
    (
        "The envoy said the talks were hard, the mood was bad and the food was worse.",
        "The envoy | said | the talks were hard, the mood was bad and the food was worse",
    ),
    ("Ann Holt and Tom Reed said the lease had expired.", "Ann Holt and Tom Reed | said | the lease had expired"),
    (
        "The bank said it would close two branches and that it had sold a third.",
        "The bank | said | it would close two branches and that it had sold a third",
    ),
    (
        "The coach said his team was tired, but he added that it would play.",
        "The coach | said | his team was tired",
        "he | added | it would play",
    ),
    ("The nurse said the boy had eaten and was asleep.", "The nurse | said | the boy had eaten and was asleep"),
    (
        "The guide warned that the path was steep and that the last hut was closed.",
        "The guide | warned | the path was steep and that the last hut was closed",
    ),
    (
        "Rossi said that the hull was cracked, that the pumps had failed and that nobody had checked them.",
        "Rossi | said | the hull was cracked, that the pumps had failed and that nobody had checked them",
    ),
]

TRAILING: list[Case] = [
    (
        "Ann Lee, the chair, urged restraint, saying that the vote could wait.",
        "Ann Lee, the chair | urged | restraint",
        "Ann Lee, the chair | saying | the vote could wait",
    ),
    (
        "The lawsuit, filed by a former clerk, alleges a long list of errors, including that the ballots were lost.",
        "The lawsuit, filed by a former clerk | alleges | a long list of errors, including that the ballots were lost",
    ),
    (
        "The mayor said the bridge was safe, adding that tests would go on.",
        "The mayor | said | the bridge was safe",
        "The mayor | adding | tests would go on",
    ),
    (
        "The mayor said the bridge was safe - though few drivers believe it.",
        "The mayor | said | the bridge was safe",
        "? few drivers | believe | it",
    ),
    (
        "The bank said profits fell because of the strong franc.",
        "The bank | said | profits fell because of the strong franc",
    ),
    (
        "The firm said it would rebuild the plant if the state paid half.",
        "The firm | said | it would rebuild the plant if the state paid half",
    ),
    (
        "The bank said profits had doubled. It comes as rivals cut thousands of jobs.",
        "The bank | said | profits had doubled",
    ),
    ("“We are ruined,” the baker said. The street was quiet on Sunday.", "the baker | said | We are ruined"),
    (
        "The clinic said the ward was full, according to the local paper.",
        "The clinic | said | the ward was full",
        "the local paper | according to | The clinic said the ward was full",
    ),
    ("The lawyer said the man was innocent, speaking outside the court.", "The lawyer | said | the man was innocent"),
    ("The pilot said the runway was wet when he landed.", "The pilot | said | the runway was wet when he landed"),
    (
        "The team says it has found water on the moon, a claim that rivals doubt.",
        "The team | says | it has found water on the moon",
    ),
    (
        "The grocer said prices would rise, as his suppliers had warned in May.",
        "The grocer | said | prices would rise",
        "? his suppliers | warned | prices would rise",
    ),
    (
        "The club said the keeper was fit, but fans were not so sure.",
        "The club | said | the keeper was fit",
        "? fans | were not so sure | the keeper was fit",
    ),
    ("Police said the man had been drinking; he was taken to hospital.", "Police | said | the man had been drinking"),
    (
        "The pier is no part of the plan; it will be sold in the spring, the owner said.",
        "the owner | said | The pier is no part of the plan; it will be sold in the spring",
    ),
    (
        "The company said it had done nothing wrong, in a letter to its shareholders.",
        "The company | said | it had done nothing wrong",
    ),
    (
        "The surgeon said the boy would live. This follows a night of fear on the ward.",
        "The surgeon | said | the boy would live",
    ),
]

RELATIVE: list[Case] = [
    (
        "The virus, which officials say came from bats, has reached the coast.",
        "officials | say | which ... came from bats",
    ),
    ("The bridge, which engineers say is unsafe, will close in June.", "engineers | say | which ... is unsafe"),
    ("The man, who police say was drunk, crossed the red light.", "police | say | who ... was drunk"),
    ("She sold a ring that she said had belonged to a queen.", "she | said | that ... had belonged to a queen"),
    ("The law, which critics say favours the rich, passed by two votes.", "critics | say | which ... favours the rich"),
    ("He showed a map that he claimed was drawn in 1502.", "he | claimed | that ... was drawn in 1502"),
    (
        "The storm, which forecasters expect to arrive on Monday, is growing.",
        "forecasters | expect | which ... to arrive on Monday",
    ),
    ("The officials who say the dam is safe live far from it.", "The officials who | say | the dam is safe"),
    ("The plan that the mayor said would save the port has failed.", "the mayor | said | that ... would save the port"),
    ("They found a coin which experts believe dates from 300 BC.", "experts | believe | which ... dates from 300 BC"),
    ("The tower, which the owner insists is stable, leans by a metre.", "the owner | insists | which ... is stable"),
    ("A nurse who said she had warned the clinic was fired.", "A nurse who | said | she had warned the clinic"),
    ("The pills, which the firm claims are harmless, were withdrawn.", "the firm | claims | which ... are harmless"),
    ("Two boys, whom witnesses said were about twelve, set the fire.", "witnesses | said | whom ... were about twelve"),
    ("The coach, who says the league is corrupt, faces a ban.", "The coach, who | says | the league is corrupt"),
    ("The wreck, which divers say holds gold, lies at ninety metres.", "divers | say | which ... holds gold"),
    (
        "The mill, which its owners say has run at a loss since 2015, employs 300.",
        "its owners | say | which ... has run at a loss since 2015",
    ),
    ("The dose, which the maker insists is harmless, was doubled.", "the maker | insists | which ... is harmless"),
    ("A man who claimed to be a doctor treated the wounded.", "A man who | claimed | to be a doctor"),
]

NEWS: list[Case] = [
    (
        "Prosecutors contend that the brothers planned the robbery for months. Their lawyers say "
        "the pair were in Reno that weekend. The jury will begin its deliberations on Tuesday.",
        "Prosecutors | contend | the brothers planned the robbery for months",
        "Their lawyers | say | the pair were in Reno that weekend",
    ),
    (
        "The appeals court ruled 2-1 that the county could not charge inmates for their own urine tests.",
        "The appeals court | ruled | the county could not charge inmates for their own urine tests",
    ),
    (
        "Russian-backed forces shelled the northern suburbs overnight, the regional governor "
        "said on Telegram, and at least four people, two of them children, were pulled dead from "
        "the ruins of a bakery.",
        "the regional governor | said | Russian-backed forces shelled the northern suburbs "
        "overnight ... and at least four people, two of them children, were pulled dead from the "
        "ruins of a bakery",
    ),
    (
        "The rebels claimed to have shot down two helicopters; the army acknowledged the loss of one.",
        "The rebels | claimed | to have shot down two helicopters",
        "the army | acknowledged | the loss of one",
    ),
    (
        "Air raid sirens sounded at dawn. The governor urged residents to stay in shelters, and "
        "hospitals moved patients into their basements.",
        "The governor | urged | to stay in shelters",
    ),
    (
        "Neither side has confirmed how many prisoners were exchanged. A Red Cross delegate at "
        "the crossing counted thirty-one.",
        "? Neither side | confirmed | how many prisoners were exchanged",
    ),
    (
        "Satellite images reviewed by the newspaper show fresh trenches around the airfield, "
        "suggesting that the brigade means to stay, analysts said.",
        "analysts | said | Satellite images reviewed by the newspaper show fresh trenches around "
        "the airfield, suggesting that the brigade means to stay",
        "? Satellite images reviewed by the newspaper | suggesting | the brigade means to stay",
    ),
    (
        "Kestrel Foods on Tuesday cut its full-year profit forecast by 12%, citing higher cocoa "
        "prices, and said it would close its plant in Utica, New York, with the loss of 340 jobs.",
        "Kestrel Foods | citing | higher cocoa prices",
        "Kestrel Foods | said | it would close its plant in Utica, New York, with the loss of 340 jobs",
    ),
    (
        'Analysts had expected revenue of $1.9 billion. "It\'s a miss on every line," wrote Priya '
        "Nair of Halden Securities in a note to clients.",
        "Analysts | expected | revenue of $1.9 billion",
        "Priya Nair of Halden Securities | wrote | It's a miss on every line",
    ),
    (
        "The carmaker, which lost £80m last year, insists that it has enough cash to last until "
        "the new model is launched, but two of its biggest suppliers say they are already asking "
        "to be paid in advance.",
        "The carmaker, which lost £80m last year | insists | it has enough cash to last until "
        "the new model is launched",
        "two of its biggest suppliers | say | they are already asking to be paid in advance",
    ),
    (
        "Shares in Orlo rose 9% after the company announced plans to buy back $500 million of stock.",
        "the company | announced | plans to buy back $500 million of stock",
    ),
    (
        "“Our customers are trading down, but they are not walking away,” Chief Executive "
        "Officer Dan Brill said on a call with analysts. He forecast a return to growth in the "
        "second half.",
        "Chief Executive Officer Dan Brill | said | Our customers are trading down, but they are not walking away",
        "He | forecast | a return to growth in the second half",
    ),
    ("The telescope's mirror is the size of a tennis court. First light is planned for 2029.",),
    (
        "The company says its chatbot never stores children's voices, a boast that three "
        "independent researchers have since disproved.",
        "The company | says | its chatbot never stores children's voices",
    ),
    (
        "Health officials advise anyone who ate at the restaurant between 3 and 9 April to be "
        "tested, even if they feel well.",
        "Health officials | advise | anyone who ate at the restaurant between 3 and 9 April to "
        "be tested, even if they feel well",
    ),
    (
        "Dr Okafor believes the outbreak began weeks earlier than the government has acknowledged.",
        "Dr Okafor | believes | the outbreak began weeks earlier than the government has acknowledged",
    ),
    (
        "Rovers manager Ken Stott was adamant his side should have had a penalty. “It's a "
        "stonewaller,” he said. “Everyone in the ground saw it except the one man who's paid to.”",
        "Rovers manager Ken Stott | adamant | his side should have had a penalty",
        "he | said | It's a stonewaller ... Everyone in the ground saw it except the one man who's paid to",
    ),
    (
        "The fire was out by noon. Nobody was hurt, a spokeswoman for the brigade confirmed, "
        "though a parrot was given oxygen.",
        "a spokeswoman for the brigade | confirmed | Nobody was hurt ... a parrot was given oxygen",
    ),
    (
        "He pleaded not guilty to all four counts and was remanded in custody until 12 May.",
        "? He | pleaded | not guilty to all four counts",
    ),
    ("The FTSE 250 closed 0.4% lower at 19,882. Brent crude was little changed at $81 a barrel.",),
    (
        "The team found that mice fed the compound lived 14% longer than their litter-mates. "
        "Whether the same holds for people is unknown, cautions Laura Beck, a gerontologist at "
        "Lund who was not involved in the work.",
        "The team | found | mice fed the compound lived 14% longer than their litter-mates",
        "Laura Beck, a gerontologist at Lund who was not involved in the work | cautions | "
        "Whether the same holds for people is unknown",
    ),
    (
        "In a blog post, the browser maker apologised for the bug and promised that a fix would "
        "be shipped within two days.",
        "the browser maker | promised | a fix would be shipped within two days",
        "? the browser maker | apologised | the bug",
    ),
    ("Halvorsen won the slalom by 0.03 seconds, her fourth victory of the winter.",),
    (
        "The parish council has asked for a lower speed limit past the school. County highways "
        "officers say the road does not meet the criteria, but resident Phil Dobbs, 71, said "
        "someone would have to die before anything changed.",
        "The parish council | asked | a lower speed limit past the school",
        "County highways officers | say | the road does not meet the criteria",
        "resident Phil Dobbs, 71 | said | someone would have to die before anything changed",
    ),
    (
        "The league confirmed Thursday that the Comets will move to Tulsa after the season. "
        "“We're heartbroken,” said Mayor Linda Cho. “But we're not surprised.”",
        "The league | confirmed | the Comets will move to Tulsa after the season",
        "Mayor Linda Cho | said | We're heartbroken ... But we're not surprised",
    ),
]

ADDRESSED: list[Case] = [
    ("The general told his men to hold the hill.", "The general | told | to hold the hill"),
    ("The council asked residents to save water.", "The council | asked | to save water"),
    ("Doctors urge parents to have their children tested.", "Doctors | urge | to have their children tested"),
    ("The union begged the owners not to shut the mine.", "The union | begged | not to shut the mine"),
    ("The embassy advised travellers not to drink the water.", "The embassy | advised | not to drink the water"),
    ("The sisters promised voters to mend the roads.", "The sisters | promised | to mend the roads"),
    ("The inspector warned drivers that the bridge was weak.", "The inspector | warned | the bridge was weak"),
    ("The firm assured customers that their savings were safe.", "The firm | assured | their savings were safe"),
    ("The coach told them they had played well.", "The coach | told | they had played well"),
    (
        "The mayor told shopkeepers he wanted the market to close by noon.",
        "The mayor | told | he wanted the market to close by noon",
    ),
    (
        "The captain told the crew, who were asleep, that the ship was safe.",
        "The captain | told | the ship was safe",
    ),
    # What is asked is done to these, or they are not spoken to.
    ("The mayor ordered the tower to be pulled down.", "The mayor | ordered | the tower to be pulled down"),
    ("The ministry expects prices to fall.", "The ministry | expects | prices to fall"),
    ("The club asked for the game to be moved.", "The club | asked for | the game to be moved"),
    ("The mother wants the school to stay open.", "The mother | wants | the school to stay open"),
]

LED: list[Case] = [
    ("But the dam is safe, the engineer said.", "the engineer | said | the dam is safe"),
    ("And the lights went out at nine, the keeper said.", "the keeper | said | the lights went out at nine"),
    ("Yet nobody rang the bell, she added.", "she | added | nobody rang the bell"),
    ("However, the roof had been mended, the owner said.", "the owner | said | the roof had been mended"),
    ("In fact, the vault was empty, the auditor said.", "the auditor | said | the vault was empty"),
    ("Meanwhile, the ferry had sunk, the harbour office said.", "the harbour office | said | the ferry had sunk"),
    ("LISBON (AP) — The bridge is safe, the ministry said.", "the ministry | said | The bridge is safe"),
    (
        "GENEVA, Switzerland (AP) — The lake has risen by a metre, the office said.",
        "the office | said | The lake has risen by a metre",
    ),
    (
        "OSLO — Two trains collided near the port, the railway said.",
        "the railway | said | Two trains collided near the port",
    ),
    # These words join nothing.
    ("“But the dam is safe,” the engineer said.", "the engineer | said | But the dam is safe"),
    ("So far no one has been hurt, police said.", "police | said | So far no one has been hurt"),
    ("Still waters run deep, the fisherman said.", "the fisherman | said | Still waters run deep"),
    (
        "So many people came that the hall was closed, the caretaker said.",
        "the caretaker | said | So many people came that the hall was closed",
    ),
]

PARTED: list[Case] = [
    (
        "In a written reply, the ministry said, “The Harbour Fund has been closed since June.”",
        "the ministry | said | The Harbour Fund has been closed since June",
    ),
    ("“This is not a good day,” the nurse said as she left the ward.", "the nurse | said | This is not a good day"),
    ("“Nobody,” Ann Holt told the court, “asked me to sign.”", "Ann Holt | told | Nobody, ... asked me to sign"),
    (
        "The prisoners said they were fed well and asked for books.",
        "The prisoners | said | they were fed well and asked for books",
    ),
    ("The vet said the dog, too, had been ill.", "The vet | said | the dog, too, had been ill"),
    (
        "The clerk said he had lost the key but he could open the door.",
        "The clerk | said | he had lost the key but he could open the door",
    ),
    (
        "The judge said the firm had lied and warned that it would be fined.",
        "The judge | said | the firm had lied",
        "The judge | warned | it would be fined",
    ),
    (
        "The council rejected the idea that the bridge was unsafe.",
        "The council | rejected | the idea that the bridge was unsafe",
    ),
    (
        "Tom Reed said the crops had failed. “The well is dry. We will leave.”",
        "Tom Reed | said | the crops had failed",
        "Tom Reed | | The well is dry. We will leave",
    ),
    (
        "“The crops failed,” said Tom Reed.\n\n“The well is dry,” said Li Wen.",
        "Tom Reed | said | The crops failed",
        "Li Wen | said | The well is dry",
    ),
    (
        "Because the audit shows that the harbour is sinking, engineers should close the eastern quay.",
        "the audit | shows | that the harbour is sinking",
    ),
    (
        "Because inspectors warn that the pier may collapse this winter, the council will shut it on Friday.",
        "inspectors | warn | that the pier may collapse this winter",
    ),
]

HALF_HEARD: list[Case] = [
    ("He was arrested for allegedly taking bribes.", "- | allegedly | taking bribes"),
    (
        "The court heard the boat, which reportedly sank in May, was new.",
        "The court | heard | the boat, which reportedly sank in May, was new",
        "- | reportedly | which ... sank in May",
    ),
    ("The mine was reportedly closed in June.", "- | reportedly | The mine was ... closed in June"),
    ("The police said two men had allegedly taken bribes.", "The police | said | two men had allegedly taken bribes"),
]

BEYOND_RULES = frozenset(
    {
        "“We sold the cows,” said Maria Blanc, who farms near Arles. “We keep the goats.”",
        "“A guard told us ‘wait’, then he left,” said the refugee.",
        "“The ad promised ‘sun all year’,” she complained.",
        "The mayor told shopkeepers he wanted the market to close by noon.",
        "The club asked for the game to be moved.",
        "The mother wants the school to stay open.",
        "The clerk said he had lost the key but he could open the door.",
        "The judge said the firm had lied and warned that it would be fined.",
        "The guide said the cave was “cold, dark and endless”, and much deeper than the maps show.",
        "The envoy said the talks were hard, the mood was bad and the food was worse.",
        "The mayor said the bridge was safe - though few drivers believe it.",
        "The team says it has found water on the moon, a claim that rivals doubt.",
        "The law, which critics say favours the rich, passed by two votes.",
        "He showed a map that he claimed was drawn in 1502.",
        "The storm, which forecasters expect to arrive on Monday, is growing.",
        "The officials who say the dam is safe live far from it.",
        "A nurse who said she had warned the clinic was fired.",
        "The pills, which the firm claims are harmless, were withdrawn.",
        "The coach, who says the league is corrupt, faces a ban.",
        "A man who claimed to be a doctor treated the wounded.",
        "“We have two choices,” Ramos, the union's chief negotiator, told a packed hall in Leeds "
        "last night. “We can wait for the next offer, or we can walk.”",
        "“The first bus was full, so we waited,” said Nadia Kerr, a nurse who had been on the "
        "night shift.\n\n“The second never came. By then the road was under water.”",
        "Russian-backed forces shelled the northern suburbs overnight, the regional governor "
        "said on Telegram, and at least four people, two of them children, were pulled dead from "
        "the ruins of a bakery.",
        "Satellite images reviewed by the newspaper show fresh trenches around the airfield, "
        "suggesting that the brigade means to stay, analysts said.",
        "The carmaker, which lost £80m last year, insists that it has enough cash to last until "
        "the new model is launched, but two of its biggest suppliers say they are already asking "
        "to be paid in advance.",
        "The company says its chatbot never stores children's voices, a boast that three "
        "independent researchers have since disproved.",
        "Health officials advise anyone who ate at the restaurant between 3 and 9 April to be "
        "tested, even if they feel well.",
        "Rovers manager Ken Stott was adamant his side should have had a penalty. “It's a "
        "stonewaller,” he said. “Everyone in the ground saw it except the one man who's paid to.”",
        "The fire was out by noon. Nobody was hurt, a spokeswoman for the brigade confirmed, "
        "though a parrot was given oxygen.",
        'General Abeku described the retreat in a broadcast on Sunday night.\n\n"We left the town '
        'at four in the morning.\n\n"By six there was not one of our vehicles on the east bank," '
        "he said.",
        "\"My coach told me, 'Run your own race,' so I did,\" said Abebe, who won by almost a minute.",
        "The team found that mice fed the compound lived 14% longer than their litter-mates. "
        "Whether the same holds for people is unknown, cautions Laura Beck, a gerontologist at "
        "Lund who was not involved in the work.",
        "The parish council has asked for a lower speed limit past the school. County highways "
        "officers say the road does not meet the criteria, but resident Phil Dobbs, 71, said "
        "someone would have to die before anything changed.",
    }
)
"""What the rules alone do not get right, or put in another way: "who" with its noun, what goes on as its own claim."""

WRONG = frozenset(
    {
        "He showed a map that he claimed was drawn in 1502.",
        "The pills, which the firm claims are harmless, were withdrawn.",
    }
)


@pytest.mark.parametrize(("case", "by"), tried(SPLIT, BEYOND_RULES, WRONG))
def test_a_split_content_is_one_claim(case: Case, by: By | None) -> None:
    check(case, by)


@pytest.mark.parametrize(("case", "by"), tried(LONG, BEYOND_RULES, WRONG))
def test_quotations_of_several_sentences_and_paragraphs_are_whole(case: Case, by: By | None) -> None:
    check(case, by)


@pytest.mark.parametrize(("case", "by"), tried(NESTED, BEYOND_RULES, WRONG))
def test_quotations_in_quotations_stay_part_of_the_outer(case: Case, by: By | None) -> None:
    check(case, by)


@pytest.mark.parametrize(("case", "by"), tried(UNBALANCED, BEYOND_RULES, WRONG))
def test_an_unbalanced_mark_does_not_swap_inside_and_outside(case: Case, by: By | None) -> None:
    check(case, by)


@pytest.mark.parametrize(("case", "by"), tried(ALL_MARKS, BEYOND_RULES, WRONG))
def test_marks_of_all_kinds_and_apostrophes(case: Case, by: By | None) -> None:
    check(case, by)


@pytest.mark.parametrize(("case", "by"), tried(NO_SPEECH, BEYOND_RULES, WRONG))
def test_scare_quotes_titles_and_nicknames_are_no_speech(case: Case, by: By | None) -> None:
    check(case, by)


@pytest.mark.parametrize(("case", "by"), tried(MIXED, BEYOND_RULES, WRONG))
def test_quoted_fragments_belong_to_the_indirect_speech_around_them(case: Case, by: By | None) -> None:
    check(case, by)


@pytest.mark.parametrize(("case", "by"), tried(CONJUNCTS, BEYOND_RULES, WRONG))
def test_both_conjuncts_are_kept(case: Case, by: By | None) -> None:
    check(case, by)


@pytest.mark.parametrize(("case", "by"), tried(TRAILING, BEYOND_RULES, WRONG))
def test_what_trails_is_content_only_where_it_was_said(case: Case, by: By | None) -> None:
    check(case, by)


@pytest.mark.parametrize(("case", "by"), tried(RELATIVE, BEYOND_RULES, WRONG))
def test_relative_clauses(case: Case, by: By | None) -> None:
    check(case, by)


@pytest.mark.parametrize(("case", "by"), tried(NEWS, BEYOND_RULES, WRONG))
def test_paragraphs_as_in_the_news(case: Case, by: By | None) -> None:
    check(case, by)


@pytest.mark.parametrize(("case", "by"), tried(ADDRESSED, BEYOND_RULES, WRONG))
def test_to_whom_it_is_said_is_no_part_of_what_is_said(case: Case, by: By | None) -> None:
    check(case, by)


@pytest.mark.parametrize(("case", "by"), tried(LED, BEYOND_RULES, WRONG))
def test_the_word_that_joins_a_sentence_to_the_one_before_is_the_reporters(case: Case, by: By | None) -> None:
    check(case, by)


@pytest.mark.parametrize(("case", "by"), tried(PARTED, BEYOND_RULES, WRONG))
def test_a_content_has_both_its_halves_and_nothing_of_the_reporter(case: Case, by: By | None) -> None:
    check(case, by)


@pytest.mark.parametrize(("case", "by"), tried(HALF_HEARD, BEYOND_RULES, WRONG))
def test_hearsay_is_the_clause_that_it_stands_in(case: Case, by: By | None) -> None:
    check(case, by)
